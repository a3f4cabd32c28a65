using Httpmq.Api.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace Httpmq.Tests.Api.Http;

/// <summary>The owner of everything that stays open, on a clock of its own.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class OpenStreamsTests : IAsyncDisposable
{
    // Of all connections.
    private const long MostHolding = 20;

    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _stopping = new();
    private OpenStreams _streams = null!;

    [SetUp]
    public void SetUp()
    {
        var lifetime = new Mock<IHostApplicationLifetime>(MockBehavior.Strict);
        lifetime.SetupGet(static host => host.ApplicationStopping).Returns(_stopping.Token);
        lifetime.Setup(static host => host.StopApplication()).Callback(_stopping.Cancel);
        var limits = new LimitSettings
        {
            MaxSubscriptions = 2,
            MaxBatches = 2,
            StallTimeout = TimeSpan.FromSeconds(60),
            MaxTotalBodyBytes = MostHolding * OpenStreams.StreamWindow,
        };
        _streams = new OpenStreams(limits, lifetime.Object, _time, NullLogger<OpenStreams>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        await _streams.DisposeAsync();
        _stopping.Dispose();
    }

    [Test]
    public void TryEnterSubscription_AllPlacesTaken_IsRefusedUntilOneLeaves()
    {
        Assert.That(Enumerable.Range(0, 3).Select(_ => _streams.TryEnterSubscription()), Is.EqualTo(new[] { true, true, false }));

        _streams.LeaveSubscription();

        Assert.That(_streams.TryEnterSubscription(), Is.True);
    }

    [Test]
    public void TryEnterBatch_AllPlacesTaken_IsRefusedUntilOneLeavesAndLeavesThoseOfSubscriptionsAlone()
    {
        Assert.That(Enumerable.Range(0, 3).Select(_ => _streams.TryEnterBatch()), Is.EqualTo(new[] { true, true, false }));

        Assert.That(_streams.TryEnterSubscription(), Is.True);
        _streams.LeaveBatch();

        Assert.That(_streams.TryEnterBatch(), Is.True);
    }

    [TestCase(60, false, false, ExpectedResult = false)]
    [TestCase(61, false, false, ExpectedResult = true)]
    [TestCase(4, true, false, ExpectedResult = false)]
    [TestCase(6, true, false, ExpectedResult = true)]
    [TestCase(6, false, true, ExpectedResult = true)]
    [TestCase(6, false, false, ExpectedResult = false)]
    public bool Timer_ClientReadsNothing_CutsItOffAtTheLimit(int seconds, bool ending, bool stopping)
    {
        var stream = new FakeStream { Stalled = TimeSpan.FromSeconds(seconds), IsEnding = ending };
        var running = _streams.RunAsync(stream, () => stream.Aborted.Task);
        if (stopping)
        {
            _stopping.Cancel();
        }

        _time.Advance(TimeSpan.FromSeconds(1));

        var wasCutOff = stream.Aborted.Task.IsCompleted;
        stream.Abort();
        Assert.That(running.IsCompleted, Is.True);
        return wasCutOff;
    }

    [Test]
    public void Timer_AllHoldMoreThanBodiesMay_CutsOffThoseThatStandStillForLongest()
    {
        var holding = Enumerable.Range(2, (int)MostHolding + 2).Select(static seconds => new FakeStream
        {
            Stalled = TimeSpan.FromSeconds(seconds),
            HoldsBody = true,
            ConnectionId = $"{seconds}",
        }).ToList();
        var running = holding.Select(stream => _streams.RunAsync(stream, () => stream.Aborted.Task)).ToArray();

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(holding.Where(static stream => stream.Aborted.Task.IsCompleted), Is.EquivalentTo(holding.TakeLast(2)));
        holding.ForEach(static stream => stream.Abort());
        Assert.That(running.Select(static one => one.IsCompletedSuccessfully), Is.All.True);
    }

    [Test]
    public void Timer_TooManyOfAConnectionLeaveTheirRequestsUnread_CutsOffThoseThatStandStillForLongest()
    {
        var holding = Enumerable.Range(2, OpenStreams.MostHolding + 2)
            .Select(static seconds => new FakeStream { Stalled = TimeSpan.FromSeconds(seconds), HoldsBody = true }).ToList();
        FakeStream[] others =
        [
            new() { Stalled = TimeSpan.FromSeconds(59), HoldsBody = true, ConnectionId = "another" },
            new() { Stalled = TimeSpan.FromSeconds(59) },
            new() { Stalled = TimeSpan.FromSeconds(0.5), HoldsBody = true },
        ];
        var running = holding.Concat(others).Select(stream => _streams.RunAsync(stream, () => stream.Aborted.Task)).ToArray();

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(
            holding.Concat(others).Where(static stream => stream.Aborted.Task.IsCompleted), Is.EquivalentTo(holding.TakeLast(2)));
        foreach (var stream in holding.Concat(others))
        {
            stream.Abort();
        }

        Assert.That(running.Select(static one => one.IsCompletedSuccessfully), Is.All.True);
    }

    [Test]
    public async Task Stopping_StreamsOpen_TellsThemAndWaits()
    {
        var (stream, end) = (new FakeStream(), new TaskCompletionSource());
        var running = _streams.RunAsync(stream, () => end.Task);

        var stopping = _streams.StoppingAsync(CancellationToken.None);
        Assert.That((_stopping.IsCancellationRequested, stopping.IsCompleted), Is.EqualTo((true, false)));
        end.SetResult();
        await stopping;

        await running;
        Assert.That((_streams.Count, stream.Aborted.Task.IsCompleted), Is.EqualTo((0, false)));
    }

    [Test]
    public async Task Stopping_TimeIsOver_AbortsAndWaitsForTheirCleanUp()
    {
        using var over = new CancellationTokenSource();
        var (stream, cleanedUp) = (new FakeStream(), new TaskCompletionSource());
        var running = _streams.RunAsync(stream, async () =>
        {
            await stream.Aborted.Task;
            await cleanedUp.Task;
        });

        var stopping = _streams.StoppingAsync(over.Token);
        await over.CancelAsync();
        await stream.Aborted.Task;
        Assert.That(stopping.IsCompleted, Is.False);
        cleanedUp.SetResult();
        await stopping;

        await running;
    }

    [Test]
    public void Run_ThatFails_IsForgotten()
    {
        Assert.That(() =>
            _streams.RunAsync(new FakeStream(), static () => throw new InvalidOperationException()), Throws.InvalidOperationException);

        Assert.That(_streams.Count, Is.Zero);
    }

    /// <summary>The server reuses what stands behind a request that has ended, so nobody may touch it any more.</summary>
    [Test]
    public async Task Timer_StreamEndsWhileItIsLookedAt_IsNotTouchedAfterItsEnd()
    {
        var streams = new[] { new FakeStream(), new FakeStream() };
        foreach (var stream in streams)
        {
            // Whichever the timer checks first ends the other one, before it goes on.
            stream.Inspected = () =>
            {
                foreach (var other in streams.Where(other => other != stream))
                {
                    other.End.TrySetResult();
                    other.IsOver = true;
                }
            };
            stream.Running = _streams.RunAsync(stream, () => stream.End.Task);
        }

        Assert.That(() => _time.Advance(TimeSpan.FromSeconds(1)), Throws.Nothing);

        foreach (var stream in streams)
        {
            stream.End.TrySetResult();
            await stream.Running!;
        }
    }

    private sealed class FakeStream : IOpenStream
    {
        private readonly TimeSpan _stalled;

        public TaskCompletionSource Aborted { get; } = new();

        public TaskCompletionSource End { get; } = new();

        public Task? Running { get; set; }

        /// <summary>Called when the timer checks it.</summary>
        public Action? Inspected { get; set; }

        public bool IsOver { get; set; }

        public string Principal => "shop";

        public string RequestId => "id";

        public string Description => "a test";

        public TimeSpan Stalled
        {
            get
            {
                ObjectDisposedException.ThrowIf(IsOver, this);
                Inspected?.Invoke();
                return _stalled;
            }
            init => _stalled = value;
        }

        public string ConnectionId { get; init; } = "connection";

        public bool HoldsBody { get; init; }

        public bool IsEnding { get; init; }

        public void Abort() => Aborted.TrySetResult();
    }
}
