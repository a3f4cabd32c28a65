using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Httpmq.Bench.Http2;

namespace Httpmq.Bench.Loads;

/// <summary>
/// Receives and acknowledges over one request: what came since the last settlement is acknowledged at once when none is on its way, or when
/// there are so many. It is complete when every acknowledgement is confirmed.
/// </summary>
internal sealed class DuplexLoad(Http2Connection connection, int messages, int batch) : LineSubscription(long.MaxValue)
{
    private readonly ArrayBufferWriter<byte> _waiting = new();
    private readonly bool[] _seen = new bool[messages + 1];
    private int _waitingCount;
    private int _settlements;
    private int _confirmed;

    public TaskCompletionSource AllConfirmed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open(Uri server, string stream, string consumer, string subject)
    {
        var path = $"/v1/data/stream/{stream}/consumer/{consumer}/duplex?subject_name={Uri.EscapeDataString(subject)}";
        connection.Start(this, RequestHead.Post(server, path), [], endOfBody: false);
        connection.Flush();
    }

    public override void OnData(ReadOnlySpan<byte> data)
    {
        base.OnData(data);
        if (_waitingCount > 0 && _settlements == 0)
        {
            Settle();
        }
    }

    public override void OnFailed(string reason)
    {
        base.OnFailed(reason);
        AllConfirmed.TrySetException(new BenchException(reason));
    }

    protected override void OnLine(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("{\"event\""u8))
        {
            OnEvent(line);
            return;
        }

        var delivery = DeliveryLine.Parse(line);
        if (_seen[delivery.Stream])
        {
            OnFailed($"message {delivery.Stream} was redelivered");
            return;
        }

        _seen[delivery.Stream] = true;
        _waiting.Write(_waitingCount == 0 ? "{\"ack\":["u8 : ","u8);
        _waiting.Write(Encoding.ASCII.GetBytes($$"""{"stream":{{delivery.Stream}},"consumer":{{delivery.Consumer}}}"""));
        if (++_waitingCount == batch)
        {
            Settle();
        }
    }

    private void OnEvent(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("{\"event\":\"open\""u8))
        {
            return;
        }

        var name = "\"settled\":"u8;
        var start = line.LastIndexOf(name) + name.Length;
        if (line.IndexOf("\"failed\":0,"u8) < 0 || !Utf8Parser.TryParse(line[start..], out int settled, out _))
        {
            OnFailed($"a settlement failed: {Encoding.UTF8.GetString(line)}");
            return;
        }

        _settlements--;
        _confirmed += settled;
        if (_confirmed == messages)
        {
            AllConfirmed.TrySetResult();
        }
    }

    private void Settle()
    {
        _waiting.Write("]}\n"u8);
        _settlements++;
        _waitingCount = 0;

        // At most max_inflight acknowledgements are on their way: less than the gateway's window.
        var sending = connection.SendAsync(this, _waiting.WrittenMemory, endOfBody: false);
        if (!sending.IsCompletedSuccessfully)
        {
            OnFailed("the gateway's window is full");
        }

        _waiting.ResetWrittenCount();
    }
}
