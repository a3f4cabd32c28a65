using System.Collections.Concurrent;
using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;

namespace Httpmq.Api.Http;

/// <summary>
/// "Every route answers within 5 seconds", with something left for the way. A token source for each request would cost a hot path a
/// kilobyte, so they are used again: those whose token was never cancelled.
/// </summary>
internal sealed class AnswerLimits(TimeProvider time)
{
    /// <summary>How long an answer may take.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(4.5);

    private const int MostKept = 256;

    private static readonly Action<object?> Cancel = static source => ((CancellationTokenSource)source!).Cancel();

    private readonly ConcurrentQueue<CancellationTokenSource> _free = new();

    /// <summary>Starts the limit of a request; dispose it when nothing uses its token any more.</summary>
    public Running Start(HttpContext context)
    {
        if (!_free.TryDequeue(out var source) || source.IsCancellationRequested)
        {
            source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        }

        source.CancelAfter(Length);
        return new Running(this, source, context);
    }

    private void Return(CancellationTokenSource source)
    {
        if (_free.Count < MostKept && source.TryReset())
        {
            _free.Enqueue(source);
        }
        else
        {
            source.Dispose();
        }
    }

    /// <summary>The limit of one request.</summary>
    internal readonly struct Running : IDisposable
    {
        private readonly AnswerLimits _owner;
        private readonly CancellationTokenSource _source;
        private readonly HttpContext _context;
        private readonly CancellationTokenRegistration _aborted;

        public Running(AnswerLimits owner, CancellationTokenSource source, HttpContext context)
        {
            (_owner, _source, _context) = (owner, source, context);
            _aborted = context.RequestAborted.UnsafeRegister(Cancel, source);
        }

        /// <summary>Cancelled when the time is over or the client has left.</summary>
        public CancellationToken Token => _source.Token;

        /// <summary>Whether the time is over, and the client waits still.</summary>
        public bool IsOver => _source.IsCancellationRequested && !_context.RequestAborted.IsCancellationRequested;

        /// <summary>What is answered when the time is over.</summary>
        public HttpmqException TimedOut(OperationCanceledException exception)
        {
            var method = _context.Request.Method;
            var effect = HttpMethods.IsGet(method) || HttpMethods.IsHead(method) ? Effect.None : Effect.Unknown;
            return new HttpmqException(HttpErrors.TimedOut(Length, effect), exception);
        }

        public void Dispose()
        {
            _aborted.Dispose();
            _owner.Return(_source);
        }
    }
}
