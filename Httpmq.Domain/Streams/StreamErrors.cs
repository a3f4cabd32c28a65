using Httpmq.Domain.Errors;
using Httpmq.Domain.Naming;

namespace Httpmq.Domain.Streams;

/// <summary>Makes the errors of streams; what JetStream refuses is explained with more members.</summary>
public static class StreamErrors
{
    /// <summary>With JetStream's words and code, as where it says so itself.</summary>
    public static Error NotFound(StreamName stream) => new(
        JetStreamErrorTypes.StreamNotFoundType,
        null,
        ("stream", stream.Value),
        ("err_code", 10059),
        ("description", "stream not found"));

    /// <summary>The field in which the stream that exists differs from the one that was wanted.</summary>
    /// <param name="refusal">What JetStream said.</param>
    /// <param name="field">Null: one that this API does not have.</param>
    /// <param name="current">Its value; null where that does not help.</param>
    /// <param name="wanted">What was asked for.</param>
    public static Error Different(Error refusal, string? field, object? current = null, object? wanted = null) =>
        refusal with { Members = [.. refusal.Members, ("field", field), ("current", current), ("wanted", wanted)] };

    /// <summary>The subject that another stream takes.</summary>
    public static Error Overlapping(Error refusal, string subject, string taken, string? other) =>
        refusal with { Members = [.. refusal.Members, ("subject", subject), ("taken", taken), ("other_stream", other)] };

    /// <summary>With JetStream's words and code, as where it says so itself.</summary>
    public static Error NoCluster(Operation operation, int replicas) => new(
        JetStreamErrorTypes.ReplicasNeedClusterType,
        operation,
        ("replicas", replicas),
        ("err_code", 10074),
        ("description", "replicas > 1 not supported in non-clustered mode"));

    /// <summary>More copies than there are servers for.</summary>
    public static Error TooManyReplicas(Error refusal, int? replicas) => refusal.With("replicas", replicas);
}
