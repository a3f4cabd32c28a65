using Httpmq.Domain.Errors;
using static Httpmq.Api.Errors.BodyErrorTypes;

namespace Httpmq.Api.Errors;

/// <summary>Makes the errors of <see cref="BodyErrorTypes"/>.</summary>
internal static class BodyErrors
{
    public static readonly Error Empty = new(EmptyMessage, null);

    /// <summary>A body that is the message itself.</summary>
    public static Error EmptyRaw(string subject) =>
        new(EmptyMessage, new Operation(OperationKind.Publish, Subject: subject), ("raw", true));

    /// <param name="reason">What is wrong, with its place.</param>
    public static Error Json(string reason) => new(InvalidJson, null, ("reason", reason));

    /// <param name="position">The first byte that is wrong, from 1.</param>
    public static Error Base64(int position) => new(InvalidBase64, null, ("position", position));

    /// <param name="position">Where the text ends within a group, from 1.</param>
    public static Error CutShort(int position) => new(InvalidBase64, null, ("position", position), ("cut_short", true));

    /// <param name="reason">What is wrong with the event.</param>
    public static Error Event(string reason) => new(InvalidCloudEvent, null, ("reason", reason));

    public static Error Full(long limit) => new(TooManyLargeBodies, null, ("limit", limit));
}
