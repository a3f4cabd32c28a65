using System.Text;
using Httpmq.Domain.Messages;
using Microsoft.Extensions.Primitives;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>
/// Headers in the form in which the client library takes them; it has no call that takes them encoded. Costs nothing where there are none.
/// </summary>
internal static class ClientHeaders
{
    public static NatsHeaders? Of(MessageHeaders headers)
    {
        if (headers.IsEmpty)
        {
            return null;
        }

        // Its own table would take two names that differ in case for one.
        var values = new Dictionary<string, StringValues>(StringComparer.Ordinal);
        foreach (var header in headers)
        {
            var name = Encoding.ASCII.GetString(header.Name);
            var value = Encoding.UTF8.GetString(header.Value);
            values[name] = values.TryGetValue(name, out var before) ? StringValues.Concat(before, value) : new StringValues(value);
        }

        return new NatsHeaders(values);
    }
}
