using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Httpmq.Api.Bodies;
using Httpmq.Api.Errors;
using Httpmq.Api.Http;
using Httpmq.Api.Publishing;
using Httpmq.Api.RateLimits;
using Httpmq.Application.Publishing;
using Httpmq.Domain.Access;
using Httpmq.Domain.Messages;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>Records in, outcomes out, without a server: their order, a client that does not read, one that leaves.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class BatchPublicationTests : IDisposable
{
    private const int Window = 2;

    private static readonly Permits Unlimited = new(new RateLimiter(settings: null), AddressKey: 0, Principal: null, TimeProvider.System);

    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly FakeExchange _exchange = new();
    private readonly FakePublisher _publisher = new();
    private readonly BodyBuffers _buffers = new(1024 * 1024);
    private readonly PublishBatch _batch;
    private readonly BatchPublication _publication;
    private readonly Task _running;

    public BatchPublicationTests()
    {
        _batch = new PublishBatch(
            Caller.Anonymous, _publisher, new OpenBatches(new PublishBatchOptions(Window), NoMetrics.Create()), _time);
        _publication = new BatchPublication(
            _exchange.Http, _batch, _buffers, new UnknownNames(NullLogger<UnknownNames>.Instance), Unlimited, _time, _stopping.Token);
        _running = _publication.RunAsync();
    }

    public void Dispose()
    {
        _batch.Dispose();
        _exchange.Dispose();
        _stopping.Dispose();
    }

    [Test]
    public async Task Run_LaterRecordIsStoredFirst_OutcomesComeInTheOrderOfTheRecords()
    {
        await SendAsync("a", "b");
        await _publisher.HasAsync("a", "b");
        _publisher.Store("b", 8);
        _publisher.Store("a", 7);

        Assert.That(await OutcomeAsync(), Is.EqualTo((1, 7)));
        Assert.That(await OutcomeAsync(), Is.EqualTo((2, 8)));
        await EndAsync();
    }

    [Test]
    public async Task Run_RecordThatIsNone_IsRefusedInItsPlaceAndTheOthersGoOn()
    {
        _publisher.StoresAtOnce = true;
        await SendAsync("a");
        await _exchange.SendAsync("nonsense\n");
        await SendAsync("b");

        Assert.That((await OutcomeAsync()).Line, Is.EqualTo(1));
        var refused = JsonNode.Parse(await _exchange.ReadLineAsync())!;
        Assert.That(((int)refused["line"]!, (int)refused["error"]!["code"]!), Is.EqualTo((2, 400)));
        Assert.That((await OutcomeAsync()).Line, Is.EqualTo(3));
        await EndAsync();
    }

    [Test]
    public async Task Run_OutcomeWhileTheBatchIsOpen_IsWrittenAtOnce()
    {
        await SendAsync("a");
        await _publisher.HasAsync("a");
        _publisher.Store("a", 7);

        Assert.That(await OutcomeAsync(), Is.EqualTo((1, 7)));
        Assert.That(_running.IsCompleted, Is.False);
        await EndAsync();
    }

    [Test]
    public async Task Run_WindowIsFull_ReadsNoFurtherUntilOneIsDone()
    {
        // The first is waited for, two are in the window.
        await SendAsync("a", "b", "c", "d");
        await _publisher.HasAsync("a", "b", "c");
        Assert.That(_publisher.Subjects, Has.No.Member("d"));

        _publisher.Store("a", 1);
        Assert.That(await OutcomeAsync(), Is.EqualTo((1, 1)));
        await _publisher.HasAsync("d");
        StoreAll("b", "c", "d");
        for (var line = 2; line <= 4; line++)
        {
            Assert.That((await OutcomeAsync()).Line, Is.EqualTo(line));
        }

        await EndAsync();
    }

    [Test]
    public async Task Run_ClientReadsNoOutcomes_CountsHowLongAndTakesNoMoreRecords()
    {
        _publisher.StoresAtOnce = true;
        var names = Enumerable.Range(0, 40).Select(static index => $"r{index}").ToArray();
        await SendAsync(names);
        await Eventually.HoldsAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return _publication.Stalled >= TimeSpan.FromSeconds(10);
            },
            "10 s without reading");
        Assert.That(_publisher.Subjects, Has.Count.LessThan(names.Length));

        for (var line = 1; line <= names.Length; line++)
        {
            Assert.That((await OutcomeAsync()).Line, Is.EqualTo(line));
        }

        await EndAsync();
        Assert.That(_publication.Stalled, Is.EqualTo(TimeSpan.Zero));
    }

    [Test]
    public async Task Run_CutOffWhileRecordsAreUnderWay_WaitsForTheirEnd()
    {
        await SendAsync("a", "b");
        await _publisher.HasAsync("a", "b");

        _publication.Abort();
        await Eventually.HoldsAsync(() => _exchange.IsAborted, "cut off");
        Assert.That(_running.IsCompleted, Is.False, "their buffers are in use");
        _publisher.Store("a", 1);
        _publisher.Store("b", 2);

        await _running.WaitAsync(Eventually.TimeLimit).ContinueWith(static _ => { }, TaskScheduler.Default);
        Assert.That(_buffers.Used, Is.Zero);
    }

    [Test]
    public async Task Run_GatewayStopsWhileTheWindowIsFull_TellsTheOutcomeOfEachAndFromWhereOnNothingWasRead()
    {
        await SendAsync("a", "b", "c", "d");
        await _publisher.HasAsync("a", "b", "c");

        await _stopping.CancelAsync();
        StoreAll("a", "b", "c");

        for (var line = 1; line <= 3; line++)
        {
            Assert.That((await OutcomeAsync()).Line, Is.EqualTo(line));
        }

        var last = JsonNode.Parse(await _exchange.ReadLineAsync())!;
        Assert.That(((int)last["line"]!, (string)last["error"]!["message"]!), Is.EqualTo((4, "Server stopping")));
        Assert.That(_publisher.Subjects, Has.No.Member("d"));
        await EndAsync();
    }

    [Test]
    public async Task Run_NoRecord_IsToldAsAMistake()
    {
        await _exchange.SendAsync("\n\n");
        _exchange.EndBody();

        Assert.That(
            (string)JsonNode.Parse(await _exchange.ReadLineAsync())!["error"]!["message"]!, Is.EqualTo(BatchErrors.Empty.Message()));
        await _running.WaitAsync(Eventually.TimeLimit);
    }

    private void StoreAll(params string[] subjects)
    {
        foreach (var subject in subjects)
        {
            _publisher.Store(subject, 1);
        }
    }

    private Task SendAsync(params string[] subjects) =>
        _exchange.SendAsync(string.Concat(subjects.Select(static subject => $$"""{"subject":"{{subject}}","b64_msg":"aGk="}""" + "\n")));

    private async Task<(int Line, int Sequence)> OutcomeAsync()
    {
        var outcome = JsonNode.Parse(await _exchange.ReadLineAsync())!;
        Assert.That((bool)outcome["success"]!, Is.True, outcome.ToJsonString());
        return ((int)outcome["line"]!, (int)outcome["sequence"]!);
    }

    private async Task EndAsync()
    {
        _exchange.EndBody();
        await Eventually.HoldsAsync(() => _running.IsCompleted, "the end of the batch");
        await _running;
    }

    /// <summary>Stores what it is told to store.</summary>
    private sealed class FakePublisher : IMessagePublisher
    {
        private readonly ConcurrentDictionary<string, TaskCompletionSource<PublishOutcome>> _underWay = new(StringComparer.Ordinal);

        public int MaxPayload => 1024;

        public bool StoresAtOnce { get; set; }

        public ICollection<string> Subjects => _underWay.Keys;

        public Task HasAsync(params string[] subjects) =>
            Eventually.HoldsAsync(() => Array.TrueForAll(subjects, _underWay.ContainsKey), string.Join(", ", subjects));

        public void Store(string subject, ulong sequence) => _underWay[subject].SetResult(PublishOutcome.Stored("s", sequence));

        public ValueTask<IPendingPublish> StartAsync(Publication publication) => throw new NotSupportedException();

        public ValueTask<IPendingPublish> StartInBatchAsync(Publication publication, CancellationToken cancellationToken)
        {
            var subject = publication.Subject.Value;
            var outcome = _underWay[subject] = new TaskCompletionSource<PublishOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (StoresAtOnce)
            {
                outcome.SetResult(PublishOutcome.Stored("s", (ulong)_underWay.Count));
            }

            return ValueTask.FromResult<IPendingPublish>(new Pending(outcome.Task));
        }

        private sealed record Pending(Task<PublishOutcome> Outcome) : IPendingPublish
        {
            public bool IsCompleted => Outcome.IsCompleted;

            public async ValueTask<PublishOutcome> GetOutcomeAsync(CancellationToken cancellationToken) =>
                await Outcome.WaitAsync(cancellationToken);
        }
    }
}
