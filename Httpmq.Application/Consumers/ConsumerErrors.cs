using Httpmq.Application.Validation;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Application.Consumers;

/// <summary>Failures that more than one use case tells in the same words.</summary>
public static class ConsumerErrors
{
    /// <summary>What to do where a stream is unknown, or its name was misspelt.</summary>
    public const string DefineStream = "define it with POST /v1/admin/stream (GET lists all)";

    /// <summary>In the broker's own words and with its code, as where it says so itself.</summary>
    public static Error NotFound(StreamName stream, ConsumerName consumer) => new(
        JetStreamErrorTypes.ConsumerNotFoundType,
        $"Consumer {consumer} of stream {stream} not found",
        $"consumer not found (err_code 10014); define it with POST /v1/admin/stream/{stream}/consumer");

    /// <summary>A filter against the stream's subjects: both are named.</summary>
    public static string FilterNotWithin(StreamName stream, string? filter, IReadOnlyList<string> subjects)
    {
        const int MostNamed = 10;
        var named = string.Join(", ", subjects.Take(MostNamed).Select(subject => Rules.Quote(subject)));
        var more = subjects.Count > MostNamed ? $" and {subjects.Count - MostNamed} more" : string.Empty;
        return $"filter_subject: {Rules.Quote(filter)} is not within the subjects of stream {stream} ({named}{more})";
    }

    /// <inheritdoc cref="NotFound"/>
    public static Error StreamNotFound(StreamName stream) => new(
        JetStreamErrorTypes.StreamNotFoundType,
        $"Stream {stream} not found",
        $"stream not found (err_code 10059); {DefineStream}");
}
