using System.Text;
using Httpmq.Api.Http;
using Httpmq.Domain.Messages;
using Microsoft.Net.Http.Headers;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>The binary mode of CloudEvents: the answer's body is the data, and the attributes are headers.</summary>
internal static class CloudEventHeaders
{
    /// <summary>Adds the attributes of the event that a message carries, if any; <c>datacontenttype</c> is the answer's type.</summary>
    public static void Add(HttpResponse response, MessageHeaders headers)
    {
        foreach (var header in headers)
        {
            var name = Encoding.ASCII.GetString(header.Name).ToLowerInvariant();
            if (!name.StartsWith(CloudEventAttributes.Prefix, StringComparison.Ordinal)
                || !CloudEventAttributes.IsName(name[CloudEventAttributes.Prefix.Length..]))
            {
                continue;
            }

            var value = BytesAnswer.Printable(Encoding.UTF8.GetString(header.Value));
            response.Headers[name] = value;
            if (name is CloudEventAttributes.Prefix + CloudEventAttributes.DataContentType && MediaTypeHeaderValue.TryParse(value, out _))
            {
                response.ContentType = value;
            }
        }
    }
}
