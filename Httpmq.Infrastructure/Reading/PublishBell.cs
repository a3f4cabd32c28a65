using Httpmq.Domain.Naming;
using NATS.Client.Core;

namespace Httpmq.Infrastructure.Reading;

/// <summary>
/// Rings when something is published that a stream may be about to store. It may not ring, where messages come from other streams or the
/// server does not let the gateway listen; and it may ring for nothing.
/// </summary>
internal sealed class PublishBell(ReplayContext context) : IAsyncDisposable
{
    private const int MostSubjects = 16;

    private readonly List<OrderedSubscription> _subscriptions = [];
    private TaskCompletionSource _rung = NewSignal();
    private volatile bool _deaf;
    private bool _tried;

    /// <summary>Listens from now on, once.</summary>
    /// <param name="filters">Only messages of these subjects count; empty: all.</param>
    /// <param name="subjects">The stream's subjects.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether it may ring.</returns>
    public async Task<bool> TryListenAsync(
        IReadOnlyList<SubjectFilter> filters, IReadOnlyList<string> subjects, CancellationToken cancellationToken)
    {
        if (_tried || !context.Link.IsOpen)
        {
            return !_deaf && _subscriptions.Count > 0;
        }

        _tried = true;

        // What the client asks for, unless that is more than the stream takes.
        var heard = filters.Count > 0 && filters.All(filter => subjects.Any(subject => Covers(subject, filter.Value)))
            ? filters.Select(static filter => filter.Value).ToArray()
            : subjects;
        try
        {
            foreach (var subject in heard.Count <= MostSubjects ? heard : [])
            {
                var connection = context.Link.Connection;
                var subscription = new OrderedSubscription(connection, subject, (_, _, in _, in _) => _rung.TrySetResult(), OnEnded);
                _subscriptions.Add(subscription);
                await connection.AddSubAsync(subscription, cancellationToken);
            }
        }
        catch (NatsException)
        {
            _deaf = true;
        }

        return !_deaf && _subscriptions.Count > 0;
    }

    /// <summary>Waits until it rings, or a while; true: it rang, now or since the last wait.</summary>
    /// <param name="pause">How long.</param>
    /// <param name="heed">Whether ringing ends the wait.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<bool> WaitAsync(TimeSpan pause, bool heed, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var delay = Task.Delay(pause, context.Time, over.Token);
        await (heed ? Task.WhenAny(delay, _rung.Task) : delay);
        await over.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (!heed || !_rung.Task.IsCompleted)
        {
            return false;
        }

        _rung = NewSignal();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        _deaf = true;
        foreach (var subscription in _subscriptions)
        {
            if (context.Link.IsOpen)
            {
                await context.Sender.LogFailureAsync(subscription.DisposeAsync().AsTask());
            }
            else
            {
                context.LeaveLater(subscription);
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static bool Covers(string subject, string narrower) =>
        SubjectFilter.TryParse(subject, out var filter, out _) && filter.Covers(narrower);

    private void OnEnded() => _deaf = true;
}
