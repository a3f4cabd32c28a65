using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Httpmq.Bench.Http2;

namespace Httpmq.Bench.Loads;

/// <summary>Pulls and acknowledges by turns, on so many lanes of one connection, until all messages are confirmed.</summary>
internal sealed class PullLoad(
    Http2Connection connection, Uri server, string stream, string consumer, int messages, int lanes, int batch)
{
    private readonly RequestHead _pull = RequestHead.Post(server, $"/v1/data/stream/{stream}/consumer/{consumer}/pull");
    private readonly RequestHead _settle = RequestHead.Post(server, $"/v1/data/stream/{stream}/consumer/{consumer}/settle");
    private readonly byte[] _request = Encoding.ASCII.GetBytes($$"""{"batch":{{batch}},"no_wait":true}""");
    private int _confirmed;

    public TaskCompletionSource AllConfirmed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Start()
    {
        for (var lane = 0; lane < lanes; lane++)
        {
            new Lane(this).Pull();
        }

        connection.Flush();
    }

    private void Count(int settled)
    {
        _confirmed += settled;
        if (_confirmed == messages)
        {
            AllConfirmed.TrySetResult();
        }
    }

    private sealed class Lane(PullLoad load) : Http2Stream
    {
        private readonly ArrayBufferWriter<byte> _answer = new();
        private readonly ArrayBufferWriter<byte> _entries = new();
        private bool _settles;
        private int _status;

        public void Pull()
        {
            _settles = false;
            load.Open(this, load._pull, load._request);
        }

        public override void OnStatus(int status) => _status = status;

        public override void OnData(ReadOnlySpan<byte> data) => _answer.Write(data);

        public override void OnEnd()
        {
            if (_status != 200)
            {
                OnFailed($"an answer with {_status}: {Encoding.UTF8.GetString(_answer.WrittenSpan)}");
            }
            else if (_settles)
            {
                OnSettled();
            }
            else
            {
                Settle();
            }
        }

        public override void OnFailed(string reason) => load.AllConfirmed.TrySetException(new BenchException(reason));

        /// <summary>Acknowledges what was pulled; a lane that gets nothing any more is done.</summary>
        private void Settle()
        {
            var name = "\"token\":\""u8;
            var rest = _answer.WrittenSpan;
            _entries.ResetWrittenCount();
            while (rest.IndexOf(name) is >= 0 and var start)
            {
                rest = rest[(start + name.Length)..];
                _entries.Write(_entries.WrittenCount == 0 ? "{\"ack\":[{\"token\":\""u8 : ",{\"token\":\""u8);
                _entries.Write(rest[..rest.IndexOf((byte)'"')]);
                _entries.Write("\"}"u8);
            }

            _answer.ResetWrittenCount();
            if (_entries.WrittenCount > 0)
            {
                _entries.Write("]}"u8);
                _settles = true;
                load.Open(this, load._settle, _entries.WrittenSpan);
            }
        }

        private void OnSettled()
        {
            var name = "\"settled\":"u8;
            var answer = _answer.WrittenSpan;
            var start = answer.IndexOf(name) + name.Length;
            if (answer.IndexOf("\"failed\":0"u8) < 0 || !Utf8Parser.TryParse(answer[start..], out int settled, out _))
            {
                OnFailed($"a settlement failed: {Encoding.UTF8.GetString(answer)}");
                return;
            }

            _answer.ResetWrittenCount();
            load.Count(settled);
            Pull();
        }
    }

    private void Open(Lane lane, RequestHead head, ReadOnlySpan<byte> body) => connection.Start(lane, head, body);
}
