using System.Globalization;
using Httpmq.Domain.Errors;

namespace Httpmq.Infrastructure.Protocol;

/// <summary>JetStream's error codes that the gateway acts on, and the error of a refusal.</summary>
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
    public const int WrongLastSequence = 10071;
    public const int WrongLastSequenceOf = 10164;
    public const int WrongStream = 10060;
    public const int MessageNotFound = 10037;
    public const int DuplicateInBatch = 10201;
    public const int MessageTooLarge = 10054;
    private const int DeleteFailed = 10057;

    /// <summary>What JetStream refused, with its own code and words.</summary>
    public static Error ToError(Operation operation, ApiError error)
    {
        var refusal = new Error(
            TypeOf(error), operation, ("err_code", error.ErrCode), ("description", error.Description ?? "no description"));
        return error.ErrCode is WrongLastSequence && LastSequenceIn(error.Description) is { } last
            ? refusal.With("last_sequence", last)
            : refusal;
    }

    /// <summary>"wrong last sequence: 3" is all that says which one it is.</summary>
    private static ulong? LastSequenceIn(string? description)
    {
        var number = description.AsSpan(description.AsSpan().LastIndexOf(' ') + 1);
        return ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : null;
    }

    private static ErrorType TypeOf(ApiError error) => error.ErrCode is not DeleteFailed
        ? JetStreamErrorTypes.Of(error.ErrCode, error.Code)
        : DeleteRefusals.Read(error.Description) switch
        {
            DeleteRefusal.NotThere => JetStreamErrorTypes.MessageNotFoundType,
            DeleteRefusal.NotPermitted => JetStreamErrorTypes.DeleteNotPermittedType,
            _ => JetStreamErrorTypes.FailedType,
        };
}
