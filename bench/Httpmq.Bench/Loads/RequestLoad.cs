using System.Diagnostics;
using System.Text;
using Httpmq.Bench.Http2;
using Httpmq.Bench.Measuring;

namespace Httpmq.Bench.Loads;

/// <summary>
/// Sends one small request after the other: so many connections, so many requests in flight on each, every answer followed by the
/// next request, until the time is over or there have been enough.
/// </summary>
/// <param name="server">The dataplane, or the floor.</param>
/// <param name="path">Where to.</param>
/// <param name="body">The body of each.</param>
/// <param name="connections">HTTP/2 connections.</param>
/// <param name="inflight">Requests in flight on each of them.</param>
/// <param name="apiKey">What is shown to a gateway that asks for one.</param>
internal sealed class RequestLoad(Uri server, string path, byte[] body, int connections, int inflight, string? apiKey = null)
{
    /// <summary>Publishes one message per request.</summary>
    /// <param name="server">The dataplane, or the floor.</param>
    /// <param name="subject">Where to.</param>
    /// <param name="message">The message's bytes.</param>
    /// <param name="connections">HTTP/2 connections.</param>
    /// <param name="inflight">Requests in flight on each of them.</param>
    /// <param name="isRaw">The body is the message; else base64.</param>
    /// <param name="apiKey">What is shown to a gateway that asks for one.</param>
    public static RequestLoad Publish(
        Uri server, string subject, byte[] message, int connections, int inflight, bool isRaw = false, string? apiKey = null) => new(
        server,
        $"/v1/data/subject/{subject}{(isRaw ? "?encoding=raw" : string.Empty)}",
        isRaw ? message : Encoding.ASCII.GetBytes(Convert.ToBase64String(message)),
        connections,
        inflight,
        apiKey);

    /// <summary>For this long.</summary>
    public Task<Counted> RunAsync(TimeSpan duration) => RunAsync(duration, long.MaxValue);

    /// <summary>So many requests, at least one for each lane.</summary>
    public Task<Counted> RunAsync(long requests) => RunAsync(TimeSpan.MaxValue, requests);

    private async Task<Counted> RunAsync(TimeSpan duration, long requests)
    {
        var state = new State(
            RequestHead.Post(server, path, body.Length, apiKey),
            body,
            duration,
            requests,
            connections * inflight);
        var opened = await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Http2Connection.ConnectAsync(server)));
        try
        {
            foreach (var connection in opened)
            {
                for (var lane = 0; lane < inflight; lane++)
                {
                    new Lane(connection, state).Next();
                }

                connection.Flush();
            }

            await state.Done.Task;
            return new Counted(state.Answered, state.Latency);
        }
        finally
        {
            foreach (var connection in opened)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private sealed class State(RequestHead head, byte[] body, TimeSpan duration, long requests, int lanes)
    {
        private readonly long _start = Stopwatch.GetTimestamp();

        // An answer after this one is followed by no request: those under way on the other lanes make up the number.
        private readonly long _lastFollowed = requests - lanes;
        private long _answered;
        private int _running = lanes;

        public RequestHead Head { get; } = head;

        public byte[] Body { get; } = body;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LatencyHistogram Latency { get; } = new();

        public long Answered => Volatile.Read(ref _answered);

        /// <summary>Counts an answer; whether there is to be another request.</summary>
        public bool Count(long started)
        {
            Latency.RecordSince(started);
            var answered = Interlocked.Increment(ref _answered);
            if (answered <= _lastFollowed && Stopwatch.GetElapsedTime(_start) < duration)
            {
                return true;
            }

            if (Interlocked.Decrement(ref _running) == 0)
            {
                Done.TrySetResult();
            }

            return false;
        }
    }

    private sealed class Lane(Http2Connection connection, State state) : Http2Stream
    {
        private long _started;
        private int _status;
        private string _answer = string.Empty;

        public void Next()
        {
            _started = Stopwatch.GetTimestamp();
            connection.Start(this, state.Head, state.Body);
        }

        public override void OnStatus(int status) => _status = status;

        public override void OnData(ReadOnlySpan<byte> data)
        {
            if (_status != 200)
            {
                _answer += Encoding.UTF8.GetString(data);
            }
        }

        public override void OnEnd()
        {
            if (_status != 200)
            {
                OnFailed($"a request was answered with {_status}: {_answer}");
            }
            else if (state.Count(_started))
            {
                Next();
            }
        }

        public override void OnFailed(string reason) => state.Done.TrySetException(new BenchException(reason));
    }
}
