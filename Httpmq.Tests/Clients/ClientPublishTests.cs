using System.Text;
using Httpmq.Client;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Clients;

/// <summary>What the C# client says of a message beside its bytes, and batches.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class ClientPublishTests : ClientTest
{
    [TestCase("2.0")]
    [TestCase("1.1")]
    public async Task Publish_WithHeaders_DeliversThem(string version)
    {
        Client.Dataplane.ProtocolVersion = Version.Parse(version);
        await PublishAsync(
            "Hello", new PublishOptions { Headers = { ["trace-id"] = "7\u00e9", ["traceparent"] = "00-1", ["Nats-Msg-Id"] = "x" } });

        var message = (await Client.Dataplane.PullAsync(Stream, Consumer)).Single();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Text(message.Data), Is.EqualTo("Hello"));
            Assert.That(message.Headers["Nats-Msg-Id"], Is.EqualTo(new[] { "x" }));
            Assert.That(message.Headers["Trace-Id"], Is.EqualTo(new[] { "7\u00e9" }));
            Assert.That(message.Headers["traceparent"], Is.EqualTo(new[] { "00-1" }));
        }
    }

    [Test]
    public async Task Publish_SameKeyAgain_IsADuplicate()
    {
        var first = await PublishAsync("Hello", new PublishOptions { IdempotencyKey = "order-17" });
        var again = await PublishAsync("Hello", new PublishOptions { IdempotencyKey = "order-17" });

        Assert.That((first.Sequence, first.Duplicate), Is.EqualTo((1UL, (bool?)null)));
        Assert.That((again.Sequence, again.Duplicate), Is.EqualTo((1UL, (bool?)true)));
    }

    [Test]
    public async Task Publish_OnConditions_StoresWhereTheyHold()
    {
        await PublishAsync("1", new PublishOptions { ExpectedLastSubjectSequence = 0 });
        await PublishAsync("2", new PublishOptions { ExpectedLastSubjectSequence = 1 });
        var late = Assert.ThrowsAsync<HttpmqException<FailureAnswer>>(
            () => PublishAsync("3", new PublishOptions { ExpectedLastSubjectSequence = 1 }))!;
        var second = Assert.ThrowsAsync<HttpmqException<FailureAnswer>>(
            () => PublishAsync("4", new PublishOptions { ExpectedLastSubjectSequence = 0 }))!;

        Assert.That((late.StatusCode, late.Error!.Type), Is.EqualTo((412, "wrong-last-sequence")));
        Assert.That(second.StatusCode, Is.EqualTo(412));
        Assert.That(Text((await Client.Dataplane.ReadLastMessageAsync($"{Stream}.a")).B64Msg), Is.EqualTo("2"));
    }

    [Test]
    public void Publish_WithATimeToLive_SaysSoToJetStream()
    {
        // The stream does not permit it; an older server does not know it.
        var refusal = Assert.ThrowsAsync<HttpmqException<FailureAnswer>>(
            () => PublishAsync("Hello", new PublishOptions { TimeToLive = TimeSpan.FromSeconds(30) }))!;

        Assert.That(
            refusal.Error!.Type, Is.EqualTo(ServerUnderTest.IsAtLeast(2, 11) ? "message-ttl-not-permitted" : "server-too-old"));
    }

    [TestCase("2.0")]
    [TestCase("1.1")]
    public async Task Batch_OfRecords_HasAnOutcomeOfEach(string version)
    {
        Client.Dataplane.ProtocolVersion = Version.Parse(version);
        var headers = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal) { ["tag"] = ["a", "b"] };
        PublishRecord[] records =
        [
            new() { Subject = $"{Stream}.a", B64Msg = [1] },
            new() { Subject = "a..b", Msg = "no" },
            new() { Subject = $"{Stream}.b", Json = new { order = 17 }, Headers = headers },
        ];

        var outcomes = await Client.Dataplane.PublishBatchAsync(records).ToListAsync();

        Assert.That(outcomes.Select(static outcome => (outcome.Line, outcome.Sequence, outcome.Error?.Code)), Is.EqualTo(new[]
        {
            (1UL, (ulong?)1, (int?)null),
            (2UL, null, 400),
            (3UL, 2, null),
        }));
        Assert.That((await Client.Dataplane.ReadMessageAsync(Stream, 2)).Headers!["tag"], Is.EqualTo(new[] { "a", "b" }));
    }

    [Test]
    public async Task Batch_OverHttp2_AnswersWhileRecordsAreStillSent()
    {
        var stored = new TaskCompletionSource();

        var outcomes = new List<PublishOutcome>();
        await foreach (var outcome in Client.Dataplane.PublishBatchAsync(RecordsAsync()))
        {
            outcomes.Add(outcome);
            stored.TrySetResult();
        }

        Assert.That(outcomes.Select(static outcome => outcome.Success), Is.EqualTo(new[] { true, true }));

        async IAsyncEnumerable<PublishRecord> RecordsAsync()
        {
            yield return new PublishRecord { Subject = $"{Stream}.a", Msg = "1" };
            await stored.Task.WaitAsync(Eventually.TimeLimit);
            yield return new PublishRecord { Subject = $"{Stream}.a", Msg = "2" };
        }
    }

    [Test]
    public void Batch_EnumerationFails_ThrowsThat()
    {
        Assert.ThrowsAsync<FormatException>(async () => await Client.Dataplane.PublishBatchAsync(RecordsAsync()).ToListAsync());

        async IAsyncEnumerable<PublishRecord> RecordsAsync()
        {
            yield return new PublishRecord { Subject = $"{Stream}.a", Msg = "1" };
            await Task.Yield();
            throw new FormatException();
        }
    }

    [Test]
    public async Task AtomicBatch_OfAStreamThatPermitsIt_IsStoredAsOne()
    {
        if (!ServerUnderTest.IsAtLeast(2, 12))
        {
            Assert.Ignore("No atomic batches before nats-server 2.12.");
        }

        var stream = SharedServers.NewName();
        await Client.Management.DefineStreamAsync(new StreamParameters { Name = stream, AllowAtomic = true });
        PublishRecord[] records = [new() { Subject = stream, Msg = "1" }, new() { Subject = stream, Msg = "2" }];
        PublishRecord[] wrong = [new() { Subject = stream, Msg = "3" }, new() { Subject = "a..b", Msg = "4" }];

        var answer = await Client.Dataplane.PublishAtomicAsync(records);
        var refusal = Assert.ThrowsAsync<HttpmqException<FailureAnswer>>(() => Client.Dataplane.PublishAtomicAsync(wrong))!;

        Assert.That((answer.Stream, answer.FirstSequence, answer.LastSequence, answer.Count), Is.EqualTo((stream, 1UL, 2UL, 2)));
        Assert.That((refusal.StatusCode, refusal.Error!.Index), Is.EqualTo((400, (int?)1)));
    }
}
