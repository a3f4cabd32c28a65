using Httpmq.Application.Streams;
using Httpmq.Application.Validation;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Consumers;

/// <summary>
/// From 2.10 on nats-server takes a filter that matches nothing, and the consumer stays silent for ever. A stream that stores what comes
/// under other subjects than its own has to be believed.
/// </summary>
internal static class ConsumerFilters
{
    /// <summary>Throws where one of the filters matches nothing of the stream.</summary>
    public static async Task CheckAsync(
        IStreamStore streams, StreamName stream, ConsumerConfig config, Operation operation, CancellationToken cancellationToken)
    {
        if (config.Filters() is not { Count: > 0 } filters)
        {
            return;
        }

        var info = await streams.GetAsync(stream, cancellationToken);
        var subjects = info.Config.Subjects ?? [];
        var outside = filters.FirstOrDefault(text => !subjects.Any(Rules.Filter("filter_subject", text).Overlaps));
        if (!info.TakesOtherSubjects && outside is not null)
        {
            throw new HttpmqException(ConsumerErrors.FilterOutside(operation, outside, subjects));
        }
    }
}
