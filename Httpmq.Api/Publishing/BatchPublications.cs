using System.Collections.Concurrent;
using Httpmq.Api.Bodies;
using Httpmq.Api.Http;
using Httpmq.Application.Publishing;

namespace Httpmq.Api.Publishing;

/// <summary>
/// The batches that are open: cuts off those whose client does not take its outcomes, and at shutdown waits until all have told theirs, and
/// only then lets the server close connections. One that closes with a request still open takes from many clients what they have not
/// read of the answer.
/// </summary>
internal sealed class BatchPublications : IHostedLifecycleService, IAsyncDisposable
{
    // At shutdown a client gets so long to take what it is told.
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<BatchPublication, Task> _running = new();
    private readonly BodyBuffers _buffers;
    private readonly UnknownNames _unknown;
    private readonly TimeSpan _stallLimit;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly TimeProvider _time;
    private readonly ILogger<BatchPublications> _logger;
    private readonly ITimer _timer;

    public BatchPublications(LimitSettings limits, BodyBuffers buffers, UnknownNames unknown, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<BatchPublications> logger)
    {
        _stallLimit = limits.StallTimeout;
        _buffers = buffers;
        _unknown = unknown;
        _lifetime = lifetime;
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(static state => ((BatchPublications)state!).CutOffStalled(), this, LookInterval, LookInterval);
    }

    /// <summary>Batches that are open.</summary>
    public int Running => _running.Count;

    /// <summary>Runs one batch to its end, and disposes it.</summary>
    public async Task RunAsync(HttpContext http, PublishBatch batch)
    {
        using var open = batch;
        var publication = new BatchPublication(http, batch, _buffers, _unknown, _time, _lifetime.ApplicationStopping);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _running[publication] = done.Task;
        try
        {
            await publication.RunAsync();
        }
        finally
        {
            _running.TryRemove(publication, out _);
            done.SetResult();
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // The first that hears of it: everybody else is to know, too.
        _lifetime.StopApplication();
        try
        {
            await Task.WhenAll(_running.Values).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            AbortAll();
        }
    }

    /// <summary>Those that came in between.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAll(_running.Values).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            AbortAll();
            await Task.WhenAll(_running.Values);
        }
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void AbortAll()
    {
        foreach (var publication in _running.Keys)
        {
            publication.Abort();
        }
    }

    private void CutOffStalled()
    {
        foreach (var publication in _running.Keys)
        {
            var stalled = publication.Stalled;
            if (stalled > _stallLimit || (stalled > EndLimit && _lifetime.ApplicationStopping.IsCancellationRequested))
            {
                _logger.BatchStalled(publication.RequestId, stalled.TotalSeconds);
                publication.Abort();
            }
        }
    }
}
