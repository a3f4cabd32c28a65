using Httpmq.Application.Consumers;
using Httpmq.Domain.Errors;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>The one place where JetStream's error codes get a meaning for the gateway's clients.</summary>
internal static class JetStreamErrors
{
    public const int ConsumerNotFound = 10014;
    public const int StreamNotFound = 10059;
    public const int StreamExists = 10058;
    public const int SubjectsOverlap = 10065;
    public const int NoSuchPeers = 10005;
    public const int NoCluster = 10074;
    public const int ConsumerExists = 10148;
    public const int ConsumerToUpdateNotFound = 10149;
    public const int ConsumerNameInUse = 10013;
    public const int FilterOutsideStream = 10093;
    public const int MostConsumers = 10026;
    public const int WrongLastSequence = 10071;
    public const int WrongLastSequenceOf = 10164;
    public const int WrongStream = 10060;
    private const int DeleteFailed = 10057;

    public static Error ToError(string message, ApiError error) => new(
        TypeOf(error),
        message,
        $"{error.Description ?? "no description"} (err_code {error.ErrCode}){NextStep(error.ErrCode)}");

    /// <summary>The gateway's own user may not publish there.</summary>
    public static Error NotPermitted(string message, string subject, string fate) => new(
        ConnectionErrorTypes.NotPermitted,
        message,
        $"nats-server does not permit the gateway's NATS user to publish to {subject} (permissions violation); {fate}");

    private static string NextStep(int code) => code switch
    {
        // nats-server 2.15 and newer take 1,000 consumers, also of a stream that says -1 (no limit).
        10026 => "; set max_consumers on the stream, or default_max_consumers on nats-server, to more than this",
        StreamNotFound => "; " + ConsumerErrors.DefineStream,
        _ => "",
    };

    private static ErrorType TypeOf(ApiError error) => error.ErrCode is DeleteFailed
        ? TypeOfDelete(error.Description ?? string.Empty)
        : JetStreamErrorTypes.Of(error.ErrCode, error.Code);

    /// <summary>One code for "is not there" and "is not permitted": the text decides.</summary>
    private static ErrorType TypeOfDelete(string description) => description switch
    {
        _ when description.Contains("EOF", StringComparison.Ordinal) || description.Contains("not found", StringComparison.OrdinalIgnoreCase) =>
            JetStreamErrorTypes.MessageNotFoundType,
        _ when description.Contains("not permitted", StringComparison.Ordinal) || description.Contains("sealed", StringComparison.Ordinal) =>
            JetStreamErrorTypes.DeleteNotPermittedType,
        _ => JetStreamErrorTypes.FailedType,
    };
}
