using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Httpmq.Tests.Support;

/// <summary>One request and its answer, without a server between them: a client that reads, or does not, or leaves.</summary>
internal sealed class FakeExchange : IDisposable
{
    // The writer waits as soon as so many bytes are not read, as it does when a client's window is full.
    private const int Window = 64;

    private readonly Pipe _answer = new(
        new PipeOptions(pauseWriterThreshold: Window, resumeWriterThreshold: Window / 2, useSynchronizationContext: false));
    private readonly Pipe _request = new();
    private readonly CancellationTokenSource _aborted = new();

    public FakeExchange(string protocol = "HTTP/2")
    {
        Http.Request.Protocol = protocol;
        Http.TraceIdentifier = "id";
        Http.Features.Set<IHttpResponseBodyFeature>(new Answer(_answer.Writer));
        Http.Features.Set<IRequestBodyPipeFeature>(new Body(_request.Reader));
        Http.Features.Set<IHttpRequestLifetimeFeature>(new Lifetime(_aborted));
    }

    public DefaultHttpContext Http { get; } = new();

    /// <summary>The client sends so much of its body.</summary>
    public async Task SendAsync(string text) => await _request.Writer.WriteAsync(Encoding.UTF8.GetBytes(text));

    /// <summary>The body ends.</summary>
    public void EndBody() => _request.Writer.Complete();

    /// <summary>The client leaves.</summary>
    public void Leave() => _aborted.Cancel();

    public bool IsAborted => _aborted.IsCancellationRequested;

    /// <summary>The next line of the answer, without its end.</summary>
    public async Task<string> ReadLineAsync()
    {
        while (true)
        {
            var result = await _answer.Reader.ReadAsync().AsTask().WaitAsync(Eventually.TimeLimit);
            if (result.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Encoding.UTF8.GetString(result.Buffer.Slice(0, end));
                _answer.Reader.AdvanceTo(result.Buffer.GetPosition(1, end));
                return line;
            }

            Assert.That(result.IsCompleted, Is.False, "the answer ended");
            _answer.Reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    public void Dispose() => _aborted.Dispose();

    private sealed class Answer(PipeWriter writer) : IHttpResponseBodyFeature
    {
        public Stream Stream => writer.AsStream();

        public PipeWriter Writer => writer;

        public void DisableBuffering()
        {
        }

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task CompleteAsync() => Task.CompletedTask;
    }

    private sealed class Body(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader => reader;
    }

    private sealed class Lifetime(CancellationTokenSource aborted) : IHttpRequestLifetimeFeature
    {
        public CancellationToken RequestAborted
        {
            get => aborted.Token;
            set => throw new NotSupportedException();
        }

        public void Abort() => aborted.Cancel();
    }
}
