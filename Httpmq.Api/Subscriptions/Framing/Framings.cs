using System.Buffers;
using Httpmq.Api.Http;
using Httpmq.Application.Subscriptions;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>What a subscriber asked for about its deliveries.</summary>
/// <param name="SubjectName">What every delivery has as its subject, in v1's lines only; null: the message's own.</param>
/// <param name="Metadata">Adds deliveries, pending, time and token, and in v1's lines the headers.</param>
internal sealed record FramingOptions(string? SubjectName = null, bool Metadata = false)
{
    /// <summary>What stands around each delivery.</summary>
    public FrameShape Shape { get; init; } = FrameShape.V1Lines;

    /// <summary>How payloads are written.</summary>
    public PayloadEncoding Encoding { get; init; }

    /// <summary>After how long without anything else the client gets a sign of life; null: never.</summary>
    public TimeSpan? Heartbeat { get; init; }

    /// <summary>How many messages the client takes before it says more; null: it cannot say.</summary>
    public DeliveryCredit? Credit { get; init; }

    /// <summary>Whether it is a replay: there is no consumer.</summary>
    public bool IsReplay { get; init; }

    /// <summary>Of a replay: up to this stream sequence the client has all that it asked for, before the first message.</summary>
    public ulong Position { get; init; }

    /// <summary>Whether deliveries are acknowledged once they are written.</summary>
    public bool AutoAcknowledge { get; init; }
}

/// <summary>The one place where a framing is chosen.</summary>
internal static class Framings
{
    /// <summary>The names that choose, for errors.</summary>
    public const string Names = $"{LineNames} or text/event-stream";

    /// <summary>Those of lines of objects.</summary>
    public const string LineNames = "application/x-ndjson, application/jsonl, application/json-seq";

    // Only these names choose; whatever else a client accepts, it gets v1's lines, as it always did.
    private static readonly FrameShape[] ByName =
        [FrameShape.NdJson, FrameShape.JsonLines, FrameShape.JsonSequence, FrameShape.ServerSentEvents];

    public static IFraming Create(FramingOptions options, IBufferWriter<byte> output, string requestId, string stream, string consumer) =>
        options.IsReplay
            ? new ReplayFrameWriter(output, requestId, stream, options)
            : new JsonFrameWriter(output, requestId, stream, consumer, options);

    /// <summary>
    /// The shape that <c>Accept</c> names with the greatest weight, the first of several; v1's lines where it names none, or where it
    /// prefers anything (<c>*/*</c>) to what it names.
    /// </summary>
    public static FrameShape Choose(StringValues accept)
    {
        if (!MediaTypeHeaderValue.TryParseList(accept, out var types))
        {
            return FrameShape.V1Lines;
        }

        var named = types.Select(type => (Shape: ShapeOf(type), Weight: WeightOf(type))).Where(choice => choice.Shape is not null)
            .DefaultIfEmpty()
            .MaxBy(choice => choice.Weight);
        var any = types.Where(type => type.MatchesAllTypes).Select(WeightOf).DefaultIfEmpty().Max();
        return named.Weight > 0 && named.Weight >= any ? named.Shape! : FrameShape.V1Lines;
    }

    /// <summary>
    /// As <see cref="Choose"/> where there are lines of objects alone: whoever takes anything, or names nothing, gets NDJSON; null where a
    /// client takes none of them. That it takes errors as problem details says nothing about it.
    /// </summary>
    public static FrameShape? ChooseLines(StringValues accept)
    {
        var named = MediaTypeHeaderValue.TryParseList(accept, out var types)
            ? types.Where(static type => !type.MediaType.Equals(Problem.ContentType, StringComparison.OrdinalIgnoreCase)).ToArray()
            : [];
        return named.Length == 0 ? FrameShape.NdJson : named
            .Select(type => (Shape: LinesOf(type), Weight: WeightOf(type), Any: type.MatchesAllSubTypes))
            .Where(static choice => choice.Shape is not null && choice.Weight > 0)
            .OrderByDescending(static choice => choice.Weight)
            .ThenBy(static choice => choice.Any)
            .Select(static choice => choice.Shape)
            .FirstOrDefault();
    }

    private static FrameShape? LinesOf(MediaTypeHeaderValue type) =>
        type.MatchesAllTypes || (type.MatchesAllSubTypes && type.Type.Equals("application", StringComparison.OrdinalIgnoreCase))
            ? FrameShape.NdJson
            : ShapeOf(type) is { Signs: FrameSigns.Objects } lines ? lines : null;

    private static double WeightOf(MediaTypeHeaderValue type) => type.Quality ?? 1;

    private static FrameShape? ShapeOf(MediaTypeHeaderValue type) =>
        ByName.FirstOrDefault(shape => type.MediaType.Equals(shape.ContentType, StringComparison.OrdinalIgnoreCase));
}
