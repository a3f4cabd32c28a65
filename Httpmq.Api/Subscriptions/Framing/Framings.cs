using System.IO.Pipelines;

namespace Httpmq.Api.Subscriptions.Framing;

/// <summary>What a subscriber asked for about its deliveries.</summary>
/// <param name="SubjectName">What every delivery says as its subject; null: the message's own.</param>
/// <param name="Metadata">Adds deliveries, pending, time and token.</param>
internal sealed record FramingOptions(string? SubjectName = null, bool Metadata = false);

/// <summary>The one place where a framing is chosen. Today there is one: the lines of v1.</summary>
internal static class Framings
{
    public static IFraming Create(FramingOptions options, PipeWriter output, string requestId, string stream, string consumer) =>
        new LineFrameWriter(output, requestId, stream, consumer, options);
}
