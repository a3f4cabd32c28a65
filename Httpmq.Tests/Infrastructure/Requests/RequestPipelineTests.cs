using Httpmq.Infrastructure.Requests;
using Httpmq.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Httpmq.Tests.Infrastructure.Requests;

/// <summary>How requests end, by a clock of our own: each does, once, and leaves its place to another.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RequestPipelineTests : IAsyncDisposable
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(200);

    private FakeConnection _connection = null!;
    private RequestPipeline _requests = null!;

    public async ValueTask DisposeAsync()
    {
        await _requests.DisposeAsync();
        await _connection.DisposeAsync();
    }

    [Test]
    public async Task Send_Answered_IsTheAnswer()
    {
        await OpenAsync();
        _connection.Server.Answer = static _ => Stored(7);

        Assert.That(await SendAsync("s"), Is.EqualTo(new Reply(ReplyKind.Answered, "S", 7)));
    }

    [Test]
    public async Task Send_NobodyListens_IsToldAtOnce()
    {
        await OpenAsync();
        _connection.Server.Answer = static _ => FakeNats.NobodyListens;

        Assert.That((await SendAsync("s")).Kind, Is.EqualTo(ReplyKind.NoResponders));
    }

    [Test]
    public async Task Send_NoAnswer_TimesOutAfterTheLimitAndNotBefore()
    {
        await OpenAsync();
        var sending = await SentAsync("s");

        _connection.Time.Advance(TimeLimit - TimeSpan.FromMilliseconds(1));
        Assert.That(sending.IsCompleted, Is.False);
        _connection.Time.Advance(CheckInterval);

        Assert.That((await EndAsync(sending)).Kind, Is.EqualTo(ReplyKind.TimedOut));
    }

    [Test]
    public async Task Send_AllPlacesTaken_IsRefusedUntilOneTimedOut()
    {
        await OpenAsync(most: 1);
        var first = await SentAsync("s");
        Assert.That((await SendAsync("s")).Kind, Is.EqualTo(ReplyKind.Full));

        _connection.Time.Advance(TimeLimit + CheckInterval);
        Assert.That((await EndAsync(first)).Kind, Is.EqualTo(ReplyKind.TimedOut));
        _connection.Server.Answer = static _ => Stored(8);

        Assert.That((await SendAsync("s")).Sequence, Is.EqualTo(8));
    }

    [Test]
    public async Task Send_AnswerAfterTheTimeOut_IsNobodys()
    {
        await OpenAsync();
        var first = await SentAsync("late");
        var late = _connection.Server.Published.Single(static message => message.Subject is "late").ReplyTo;
        _connection.Time.Advance(TimeLimit + CheckInterval);
        await EndAsync(first);

        // The next one has its place.
        var second = await SentAsync("next");
        _connection.Server.Publish(late, Stored(1));
        _connection.Server.Publish(_connection.Server.Published.Single(static message => message.Subject is "next").ReplyTo, Stored(2));

        Assert.That((await EndAsync(second)).Sequence, Is.EqualTo(2));
    }

    [Test]
    public async Task Send_ConnectionLost_EndsAtOnceAndTheNextIsNotSent()
    {
        await OpenAsync();
        var sending = await SentAsync("s");

        await _connection.Server.DisposeAsync();

        Assert.That((await EndAsync(sending)).Kind, Is.EqualTo(ReplyKind.ConnectionLost));
        Assert.That((await SendAsync("s")).Kind, Is.EqualTo(ReplyKind.NotSent));
    }

    [Test]
    public async Task Send_AfterTheConnectionWasLost_IsAnsweredOverTheNext()
    {
        await OpenAsync();
        var sending = await SentAsync("s");
        _connection.Server.Cut();
        await EndAsync(sending);
        _connection.Server.Answer = static _ => Stored(9);
        await _connection.PassesUntilAsync(() => _connection.Link.IsOpen, "open again");

        Assert.That((await SendAsync("s")).Sequence, Is.EqualTo(9));
    }

    [Test]
    public async Task Send_RefusedByTheServer_EndsThoseOfThatSubject()
    {
        await OpenAsync();
        var (refused, other) = (await SentAsync("secret"), await SentAsync("public"));

        _connection.Server.Say("-ERR 'Permissions Violation for Publish to \"secret\"'");
        await _connection.PassesUntilAsync(() => refused.IsCompleted, "the end of what was refused");

        Assert.That(((await refused).Kind, other.IsCompleted), Is.EqualTo((ReplyKind.NotPermitted, false)));
    }

    [Test]
    public async Task SendInBatch_BatchesHaveTheirPart_WaitsForOneToEndAndLeavesTheRestToSingleRequests()
    {
        await OpenAsync(most: 4);
        var three = new List<Task<Reply>>();
        for (var index = 0; index < 3; index++)
        {
            three.Add(EndOf(await _requests.StartInBatchAsync("s", default, default, CancellationToken.None)));
        }

        var fourth = _requests.StartInBatchAsync("s", default, default, CancellationToken.None).AsTask();
        Assert.That(fourth.IsCompleted, Is.False);
        var single = await SentAsync("single");
        Assert.That(single.IsCompleted, Is.False, "it waits for its answer");

        await Eventually.HoldsAsync(
            () => _connection.Server.Published.Count(static message => message.Subject is "s") == 3, "three records");
        _connection.Server.Publish(_connection.Server.Published.First(static message => message.Subject is "s").ReplyTo, Stored(1));

        await fourth.WaitAsync(Eventually.TimeLimit);
        Assert.That((await EndAsync(three[0])).Sequence, Is.EqualTo(1));
    }

    [Test]
    public async Task SendInBatch_GivenUpWhileItWaits_TakesNoPlace()
    {
        await OpenAsync(most: 2);
        var first = EndOf(await _requests.StartInBatchAsync("s", default, default, CancellationToken.None));
        using var giveUp = new CancellationTokenSource();
        var second = _requests.StartInBatchAsync("s", default, default, giveUp.Token).AsTask();
        await giveUp.CancelAsync();
        Assert.That(() => second, Throws.InstanceOf<OperationCanceledException>());

        _connection.Time.Advance(TimeLimit + CheckInterval);
        await EndAsync(first);
        _connection.Server.Answer = static _ => Stored(3);

        Assert.That((await SendAsync("s")).Sequence, Is.EqualTo(3));
    }

    [Test]
    public async Task Dispose_RequestsUnderWay_EndsThem()
    {
        await OpenAsync();
        var sending = await SentAsync("s");

        await _requests.DisposeAsync();

        Assert.That((await EndAsync(sending)).Kind, Is.EqualTo(ReplyKind.ConnectionLost));
    }

    private static string Stored(int sequence) => $$"""{"stream":"S","seq":{{sequence}}}""";

    private async Task OpenAsync(int most = 16)
    {
        _connection = await FakeConnection.OpenAsync(options => options with { RequestTimeout = TimeLimit, MaxInflightRequests = most });
        _requests = new RequestPipeline(_connection.Link, _connection.Options, _connection.Time, NullLoggerFactory.Instance);
    }

    private Task<Reply> SendAsync(string subject) => _requests.SendAsync(subject, default).AsTask().WaitAsync(Eventually.TimeLimit);

    /// <summary>Begins a request, and waits until the server has it.</summary>
    private async Task<Task<Reply>> SentAsync(string subject)
    {
        var before = _connection.Server.Asked.Count();
        var sending = _requests.SendAsync(subject, default).AsTask();
        await Eventually.HoldsAsync(() => _connection.Server.Asked.Count() > before, $"a request on {subject}");
        return sending;
    }

    private static Task<Reply> EndOf(PendingReply pending) => pending.WaitAsync().AsTask();

    private static Task<Reply> EndAsync(Task<Reply> sending) => sending.WaitAsync(Eventually.TimeLimit);
}
