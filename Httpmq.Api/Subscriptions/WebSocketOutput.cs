using System.Buffers;
using System.IO.Pipelines;
using System.Net.WebSockets;

namespace Httpmq.Api.Subscriptions;

/// <summary>Sends each line that is written as one text message of a WebSocket, without its line break.</summary>
internal sealed class WebSocketOutput(WebSocket socket) : PipeWriter
{
    // A larger buffer, grown for a large message, is not kept.
    private const int KeptBuffer = 256 * 1024;

    private ArrayBufferWriter<byte> _written = new(4096);

    public override void Advance(int bytes) => _written.Advance(bytes);

    public override Memory<byte> GetMemory(int sizeHint = 0) => _written.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => _written.GetSpan(sizeHint);

    public override void CancelPendingFlush() => throw new NotSupportedException("Cancel by the token.");

    public override void Complete(Exception? exception = null)
    {
    }

    /// <summary>The result is completed where the client is gone.</summary>
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        var rest = _written.WrittenMemory;
        try
        {
            while (rest.Span.IndexOf((byte)'\n') is >= 0 and var end)
            {
                await socket.SendAsync(rest[..end], WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
                rest = rest[(end + 1)..];
            }
        }
        catch (Exception exception) when (exception is WebSocketException or IOException or ObjectDisposedException)
        {
            return new FlushResult(isCanceled: false, isCompleted: true);
        }

        if (_written.Capacity > KeptBuffer)
        {
            _written = new ArrayBufferWriter<byte>(4096);
        }
        else
        {
            _written.ResetWrittenCount();
        }

        return default;
    }
}
