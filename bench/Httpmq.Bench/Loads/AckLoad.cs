using System.Buffers;
using System.Diagnostics;
using System.Text;
using Httpmq.Bench.Http2;
using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Loads;

/// <summary>
/// Receives and acknowledges: one request for each message, or for as many as are there. It notes which messages came, and is
/// complete when every acknowledgement is confirmed.
/// </summary>
internal sealed class AckLoad : LineSubscription
{
    private readonly Http2Connection _acknowledging;
    private readonly RequestHead _head;
    private readonly int _messages;
    private readonly int _batch;
    private readonly Lock _gate = new();
    private readonly ArrayBufferWriter<byte> _waiting = new();
    private readonly bool[] _seen;
    private int _waitingCount;
    private int _requests;
    private int _confirmed;

    /// <param name="acknowledging">Another connection than that of the subscription.</param>
    /// <param name="head">The acknowledge route.</param>
    /// <param name="messages">How many there are.</param>
    /// <param name="batch">Acknowledgements in one request: sent when there are so many, or when none is on its way. 1: no array.</param>
    public AckLoad(Http2Connection acknowledging, RequestHead head, int messages, int batch)
        : base(messages)
    {
        _acknowledging = acknowledging;
        _head = head;
        _messages = messages;
        _batch = batch;
        _seen = new bool[messages + 1];
    }

    public LatencyHistogram Latency { get; } = new();

    public TaskCompletionSource AllConfirmed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Messages that came more than once.</summary>
    public int Repeated { get; private set; }

    public override void OnData(ReadOnlySpan<byte> data)
    {
        base.OnData(data);
        lock (_gate)
        {
            SendWaiting();
        }

        _acknowledging.Flush();
    }

    public override void OnFailed(string reason)
    {
        base.OnFailed(reason);
        AllConfirmed.TrySetException(new BenchException(reason));
    }

    protected override void OnLine(ReadOnlySpan<byte> line)
    {
        var delivery = DeliveryLine.Parse(line);
        if (_seen[delivery.Stream])
        {
            Repeated++;
        }

        _seen[delivery.Stream] = true;
        lock (_gate)
        {
            _waiting.Write(Encoding.ASCII.GetBytes(_waitingCount == 0 ? string.Empty : ","));
            _waiting.Write(Encoding.ASCII.GetBytes($$"""{"stream":{{delivery.Stream}},"consumer":{{delivery.Consumer}}}"""));
            if (++_waitingCount == _batch)
            {
                Send();
            }
        }
    }

    private void SendWaiting()
    {
        if (_waitingCount > 0 && _requests == 0)
        {
            Send();
        }
    }

    private void Send()
    {
        _requests++;
        var pairs = _waiting.WrittenSpan;
        _acknowledging.Start(new Acknowledgement(this, _waitingCount), _head, _batch == 1 ? pairs : [(byte)'[', .. pairs, (byte)']']);
        _waiting.ResetWrittenCount();
        _waitingCount = 0;
    }

    private void OnConfirmed(int count, long started)
    {
        Latency.RecordSince(started);
        lock (_gate)
        {
            _requests--;
            _confirmed += count;
            SendWaiting();
        }

        if (_confirmed == _messages)
        {
            AllConfirmed.TrySetResult();
        }
    }

    private void OnRefused(int status, string answer) => AllConfirmed.TrySetException(_batch > 1 && status == 400 && _confirmed == 0
        ? new NotAvailableException("the ack route takes no array")
        : new BenchException($"an acknowledgement was answered with {status}: {answer}"));

    private sealed class Acknowledgement(AckLoad load, int count) : Http2Stream
    {
        private readonly long _started = Stopwatch.GetTimestamp();
        private int _status;
        private string _answer = string.Empty;
        private bool _failed;

        public override void OnStatus(int status) => _status = status;

        public override void OnData(ReadOnlySpan<byte> data)
        {
            // A batch is answered with 200 as a whole, and with the outcome of each.
            if (_status != 200 || data.IndexOf("\"success\":false"u8) >= 0)
            {
                _failed = true;
                _answer += Encoding.UTF8.GetString(data);
            }
        }

        public override void OnEnd()
        {
            if (_failed || _status != 200)
            {
                load.OnRefused(_status, _answer);
            }
            else
            {
                load.OnConfirmed(count, _started);
            }
        }

        public override void OnFailed(string reason) => load.OnFailed(reason);
    }
}
