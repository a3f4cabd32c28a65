using System.Net;

namespace Httpmq.Tests.Api.Bodies;

/// <summary>A body in parts, each sent on its own; then, if asked, nothing more until it is released.</summary>
internal sealed class PacedContent(IEnumerable<ReadOnlyMemory<byte>> parts, Task? end = null) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.FlushAsync(cancellationToken);
        foreach (var part in parts)
        {
            await stream.WriteAsync(part, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }

        await (end ?? Task.CompletedTask).WaitAsync(cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
