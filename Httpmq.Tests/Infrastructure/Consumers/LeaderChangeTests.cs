using System.Collections.Concurrent;
using System.Net;
using Httpmq.Domain.Messages;
using Httpmq.Infrastructure.Ledger;
using Httpmq.Infrastructure.Protocol;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Httpmq.Tests.Infrastructure.Consumers;

/// <summary>What clients are told while a stream or consumer of a cluster has no leader, or one that knows too little.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class LeaderChangeTests
{
    private const string Copies = """{"name":"n2","current":true},{"name":"n3","current":true}""";

    private FakeJetStream _jetStream = null!;
    private Gateway _gateway = null!;
    private GatewayClient _client = null!;
    private int _delivered;
    private int _infos;
    private int _acks;
    private int _last;
    private int _copies;
    private string _retention = null!;
    private ConcurrentQueue<string> _calls = null!;
    private Func<string?> _consumerInfo = null!;

    [SetUp]
    public async Task StartAsync()
    {
        (_delivered, _infos, _acks, _last, _copies, _retention, _calls) = (10, 0, 0, 20, 1, "limits", new());
        _consumerInfo = () => Info(replicated: true);
        _jetStream = await FakeJetStream.StartAsync();
        await _jetStream.AnswerAsync("$JS.API.INFO", () => "{}");
        await _jetStream.AnswerAsync("$JS.API.STREAM.NAMES", () => null);
        await _jetStream.AnswerAsync("$JS.API.STREAM.INFO.s", () =>
        {
            _calls.Enqueue("STREAM.INFO");
            return
                $$$"""{"config":{"name":"s","retention":"{{{_retention}}}","num_replicas":{{{_copies}}}},"state":{"last_seq":{{{_last}}}}}""";
        });
        await _jetStream.AnswerAsync("$JS.API.STREAM.MSG.GET.s", () =>
        {
            _calls.Enqueue("MSG.GET");
            return """{"message":{"subject":"s.x","seq":1}}""";
        });
        await _jetStream.AnswerAsync(
            "$JS.API.CONSUMER.INFO.s.absent", () => """{"error":{"code":404,"err_code":10014,"description":"consumer not found"}}""");
        await _jetStream.AnswerAsync("$JS.API.CONSUMER.INFO.s.c", () =>
        {
            _calls.Enqueue("CONSUMER.INFO");
            Interlocked.Increment(ref _infos);
            return _consumerInfo();
        });
        await _jetStream.AnswerAsync("$JS.ACK.s.c.>", () =>
        {
            Interlocked.Increment(ref _acks);
            _calls.Enqueue("ACK");
            return string.Empty;
        });
        _gateway = await Gateway.StartAsync(_jetStream.Url);
        _client = _gateway.Client();
        await Eventually.HoldsAsync(
            async () => (await _client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "a gateway that is ready");
    }

    [TearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
        await _jetStream.DisposeAsync();
    }

    [Test]
    public async Task Publish_NobodyTakesItAndJetStreamIsSilent_SaysThatNothingWasStored()
    {
        var answer = await _client.TryPublishAsync("s.x", [1]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), answer.ToString());
            Assert.That(answer.Detail, Does.Contain("nothing was stored").And.Not.Contain("may"));
        }
    }

    [Test]
    public async Task Ack_NewLeaderSendsTheLastMessagesAgain_IsConfirmed()
    {
        _delivered = 8;
        _consumerInfo = () =>
        {
            _delivered = _infos > 2 ? 10 : 8;
            return Info(replicated: true);
        };

        var answer = await _client.TryAckAsync("s", "c", 10, 10);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK), answer.ToString());
            Assert.That(_acks, Is.EqualTo(1));
        }
    }

    /// <summary>The server of the leader is stopping: it describes the consumer as if it were the only copy.</summary>
    [TestCase(true, HttpStatusCode.OK)]
    [TestCase(false, HttpStatusCode.ServiceUnavailable)]
    public async Task Ack_LeaderNamesNoCopiesAndTheStreamHasSome_WaitsForTheNextLeader(bool comes, HttpStatusCode status)
    {
        _copies = 3;
        _consumerInfo = () =>
        {
            _delivered = comes && _infos > 1 ? 20_000 : 0;
            return Info(replicated: _delivered > 0, ",\"max_ack_pending\":1");
        };

        var answer = await _client.TryAckAsync("s", "c", 20_000, 20_000);

        Assert.That(answer.Status, Is.EqualTo(status), answer.ToString());
    }

    [Test]
    public async Task Ack_OnlyCopy_AsksTheStreamOnce()
    {
        _consumerInfo = () => Info(replicated: false);
        await _client.TryAckAsync("s", "c", 11, 11);
        var answer = await _client.TryAckAsync("s", "c", 11, 11);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.NotFound), answer.ToString());
            Assert.That(_calls.Count(static call => call is "STREAM.INFO"), Is.EqualTo(1));
        }
    }

    /// <summary>A leader is asked before it has read what it kept (2.10.27, under load).</summary>
    [Test]
    public async Task Ack_NewLeaderSaysAtFirstThatItDeliveredNothing_IsConfirmed()
    {
        _copies = 3;
        _consumerInfo = () =>
        {
            _delivered = _infos > 1 ? 20_000 : 0;
            return Info(replicated: true, ",\"max_ack_pending\":1");
        };

        var answer = await _client.TryAckAsync("s", "c", 20_000, 20_000);

        Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK), answer.ToString());
    }

    /// <summary>As while a leader is being elected: the one that takes over never saw the request.</summary>
    [Test]
    public async Task Ack_FirstQuestionIsLost_IsConfirmed()
    {
        _consumerInfo = () => _infos == 1 ? null : Info(replicated: true);

        var answer = await _client.TryAckAsync("s", "c", 10, 10);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK), answer.ToString());
            Assert.That(_infos, Is.EqualTo(2));
        }
    }

    /// <summary>While it is waited for, the leader is no more. Nothing was passed on: that is certain, and what it knew is not.</summary>
    [Test]
    public async Task Ack_LeaderFallsSilentWhileItIsWaitedFor_IsInDoubt()
    {
        _consumerInfo = () => _infos == 1 ? Info(replicated: true, since: ",\"leader_since\":\"2026-11-24T10:00:00Z\"") : null;

        var answer = await _client.TryAckAsync("s", "c", 11, 11);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), answer.ToString());
            Assert.That(answer.Detail, Does.Contain("nothing was acknowledged"));
            Assert.That(_acks, Is.Zero);
        }
    }

    [TestCase(11, 11)]
    [TestCase(10, 11)]
    [TestCase(21, 11, Description = "beyond the stream, of which its own leader may know less than the consumer's")]
    public async Task Ack_NotKnownToAReplicatedConsumer_IsInDoubtAndPassesNothingOn(int stream, int consumer)
    {
        // The gateway has just started, so another leader may have been elected a moment ago.
        var answer = await _client.TryAckAsync("s", "c", (ulong)stream, (ulong)consumer);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), answer.ToString());
            Assert.That(answer.Detail, Does.Contain("nothing was acknowledged"));
            Assert.That(_acks, Is.Zero);
        }
    }

    [TestCase(11, 11)]
    [TestCase(10, 11)]
    [TestCase(21, 11)]
    public async Task Ack_NeverSentByAReplicatedConsumerWhoseLeaderIsNotNew_IsRefused(int stream, int consumer)
    {
        _consumerInfo = () => Info(replicated: true, since: ",\"leader_since\":\"2026-11-24T10:00:00Z\"");

        var answer = await _client.TryAckAsync("s", "c", (ulong)stream, (ulong)consumer);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.NotFound), answer.ToString());
            Assert.That(_acks, Is.Zero);
        }
    }

    /// <summary>
    /// A leader that is cut off goes on answering, and the others may have elected another one, which has delivered more.
    /// </summary>
    [TestCase("""{"name":"n2","current":true,"active":900000000},{"name":"n3","current":false,"active":7800000000}""", 404)]
    [TestCase("""{"name":"n2","current":true,"active":7800000000},{"name":"n3","current":true,"active":7900000000}""", 503)]
    [TestCase("""{"name":"n2","current":true,"active":100,"offline":true},{"name":"n3","current":false,"active":0}""", 503)]
    public async Task Ack_LeaderHasNotHeardFromTheOthers_IsInDoubt(string copies, int status)
    {
        _consumerInfo = () =>
            Info(replicated: true, since: ",\"leader_since\":\"2026-11-24T10:00:00Z\"").Replace(Copies, copies, StringComparison.Ordinal);

        var answer = await _client.TryAckAsync("s", "c", 11, 11);

        Assert.That((int)answer.Status, Is.EqualTo(status), answer.ToString());
    }

    /// <summary>A copy that is cut off answers as well, and may say that it delivered nothing (2.9.10).</summary>
    [TestCase("", Description = "no leader")]
    [TestCase("n1")]
    public async Task Ack_CopyThatIsCutOffKnowsNothing_IsInDoubtHoweverFarBeyond(string leader)
    {
        _consumerInfo = () => Info(replicated: true, ",\"max_ack_pending\":1")
            .Replace("\"n1\"", $"\"{leader}\"", StringComparison.Ordinal)
            .Replace("\"current\":true", leader.Length == 0 ? "\"current\":true" : "\"current\":false", StringComparison.Ordinal);

        var answer = await _client.TryAckAsync("s", "c", 20_000, 20_000);

        Assert.That((int)answer.Status, Is.EqualTo(503), answer.ToString());
    }

    [TestCase("n1", false)]
    [TestCase("n2", true)]
    public void SteadySince_AnotherLeaderAnswers_StartsAnew(string leader, bool anew)
    {
        var time = new FakeTimeProvider();
        var entry = new ConsumerLedger(time).Get("s", "c");
        entry.AnsweredBy("n1");
        time.Advance(TimeSpan.FromMinutes(1));

        entry.AnsweredBy(leader);
        var since = entry.SteadySince(new ConsumerInfoWire { Cluster = Cluster(leader) }, created: null);

        Assert.That(entry.IsInDoubt(since), Is.EqualTo(anew));

        static ClusterWire Cluster(string leader) =>
            new() { Leader = leader, Replicas = [new(Current: true, Offline: false, 0), new(Current: true, Offline: false, 0)] };
    }

    [TestCase("2026-11-24T11:59:58.2Z", 404, Description = "no leader was before it")]
    [TestCase("2026-11-24T11:59:40Z", 503, Description = "another one has made deliveries before it")]
    public async Task Ack_SwappedSoonAfterTheLeaderWasElected_IsCertainWhereItWasTheFirst(string created, int status)
    {
        var since = $",\"leader_since\":\"2026-11-24T11:59:58.4Z\"";
        _consumerInfo = () => Info(replicated: true, since: since).Insert(1, $"\"created\":\"{created}\",");
        await _jetStream.TellAsync("$JS.EVENT.ADVISORY.CONSUMER.LEADER_ELECTED.s.c");

        var answer = await _client.TryAckAsync("s", "c", 10, 11);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)answer.Status, Is.EqualTo(status), answer.ToString());
            Assert.That(answer.Detail, Does.Contain("did you swap").Or.Contain("another leader"));
            Assert.That(_acks, Is.Zero);
        }
    }

    [TestCase(123456, "", 503, Description = "as many as it likes may be unacknowledged")]
    [TestCase(123456, ",\"max_ack_pending\":100", 404)]
    [TestCase(10011, ",\"max_ack_pending\":100", 404)]
    [TestCase(10010, ",\"max_ack_pending\":100", 503)]
    [TestCase(123456, ",\"max_ack_pending\":50000", 503)]
    public async Task Ack_FarBeyondWhatANewLeaderMayNotKnow_IsRefused(int consumer, string config, int status)
    {
        _consumerInfo = () => Info(replicated: true, config);

        var answer = await _client.TryAckAsync("s", "c", 1, (ulong)consumer);

        Assert.That((int)answer.Status, Is.EqualTo(status), answer.ToString());
    }

    [Test]
    public async Task Ack_AfterTheConsumerWasSetBackAndAnotherInstanceDelivered_IsConfirmed()
    {
        _consumerInfo = () => Info(replicated: false);
        Delivered((1, 1), (10, 10));
        var before = await _client.TryAckAsync("s", "c", 10, 10);

        // CONSUMER.RESET tells nobody; the deliveries after it went through another gateway.
        _consumerInfo = () => Info(replicated: false).Replace("\"consumer_seq\":10", "\"consumer_seq\":6", StringComparison.Ordinal);
        var results = new[]
        {
            before.Status, (await _client.TryAckAsync("s", "c", 5, 1)).Status, (await _client.TryAckAsync("s", "c", 10, 6)).Status,
        };

        Assert.That(results, Is.All.EqualTo(HttpStatusCode.OK));
        Assert.That(_acks, Is.EqualTo(3));
    }

    [Test]
    public async Task Ack_WrongPairsAgainAndAgain_AsksAFewTimesASecond()
    {
        _consumerInfo = () => Info(replicated: false);
        Delivered((1, 1), (10, 10));
        Assert.That((await _client.TryAckAsync("s", "c", 10, 10)).Status, Is.EqualTo(HttpStatusCode.OK));
        var start = System.Diagnostics.Stopwatch.GetTimestamp();
        for (var number = 0; number < 300; number++)
        {
            var answer = await _client.TryAckAsync("s", "c", 9, 1);
            Assert.That(answer.Detail, Does.Contain("was another message"), answer.ToString());
        }

        Assert.That(_infos, Is.LessThanOrEqualTo(2 + (5 * System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds)));
    }

    [TestCase(11, 11)]
    [TestCase(10, 11)]
    public async Task Ack_NeverSentByAConsumerWithoutCopies_IsRefusedAtOnce(int stream, int consumer)
    {
        _consumerInfo = () => Info(replicated: false);

        var answer = await _client.TryAckAsync("s", "c", (ulong)stream, (ulong)consumer);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.NotFound), answer.ToString());
            Assert.That(answer.Detail, Does.Contain("nats-server was killed"));
            Assert.That(_infos, Is.EqualTo(1));
        }
    }

    [Test]
    public async Task Ack_TheConsumersLeaderKnowsMoreThanTheStreams_IsConfirmed()
    {
        _last = 8;

        var answer = await _client.TryAckAsync("s", "c", 10, 10);

        Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK), answer.ToString());
    }

    [Test]
    public async Task Ack_OnePairInDoubt_DoesNotStopTheOthers()
    {
        var pairs = Enumerable.Range(0, 3000).Select(
            number => number is 0 or 600 ? """{"stream":15,"consumer":1}""" : $$"""{"stream":{{1 + (number % 10)}},"consumer":1}""");

        var answer = await _client.DataAsync(
            HttpMethod.Post, "/v1/data/stream/s/consumer/c/ack", new StringContent($"[{string.Join(',', pairs)}]"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.OK), answer.ToString());
            Assert.That((int)answer.Body["acknowledged"]!, Is.EqualTo(2998));
            Assert.That(answer.Body["acks"]!.AsArray().Where(ack => !(bool)ack!["success"]!)
                .Select(ack => (int)ack!["error"]!["code"]!), Is.EqualTo(new[] { 503, 503 }));
        }
    }

    [Test]
    public async Task Ack_OnePairIsNotAnswered_DoesNotStopTheOthers()
    {
        await _jetStream.AnswerAsync("$JS.API.CONSUMER.INFO.s.slow", () => Info(replicated: false));
        await _jetStream.AnswerAsync("$JS.ACK.s.slow.*.5.>", () => null);
        foreach (var number in Enumerable.Range(1, 10).Where(number => number != 5))
        {
            await _jetStream.AnswerAsync($"$JS.ACK.s.slow.*.{number}.>", () => string.Empty);
        }

        var pairs = Enumerable.Range(0, 2000).Select(number => $$"""{"stream":{{(number == 0 ? 5 : 1 + (number % 4))}},"consumer":1}""");
        var answer = await _client.DataAsync(
            HttpMethod.Post, "/v1/data/stream/s/consumer/slow/ack", new StringContent($"[{string.Join(',', pairs)}]"));

        using (Assert.EnterMultipleScope())
        {
            Assert.That((int)answer.Body["acknowledged"]!, Is.EqualTo(1999), answer.Body.ToJsonString()[..300]);
            Assert.That((int)answer.Body["acks"]![0]!["error"]!["code"]!, Is.EqualTo(504));
        }
    }

    [TestCase("workqueue", "2.15.1", "", "CONSUMER.INFO ACK ACK", Description = "before: CONSUMER.INFO STREAM.INFO ACK, each time")]
    [TestCase("workqueue", "2.15.1", ",\"filter_subject\":\"s.x\"", "CONSUMER.INFO ACK MSG.GET ACK MSG.GET",
        Description = "before: CONSUMER.INFO STREAM.INFO MSG.GET ACK, each time")]
    [TestCase("limits", "2.15.1", "", "CONSUMER.INFO ACK ACK", Description = "before: CONSUMER.INFO STREAM.INFO ACK ACK")]
    [TestCase("workqueue", "2.12.4", "", "CONSUMER.INFO STREAM.INFO ACK CONSUMER.INFO ACK")]
    [TestCase("workqueue", "2.12.4", ",\"filter_subject\":\"s.x\"", "CONSUMER.INFO STREAM.INFO MSG.GET ACK CONSUMER.INFO MSG.GET ACK")]
    [TestCase(
        "workqueue", null, "", "CONSUMER.INFO STREAM.INFO ACK CONSUMER.INFO ACK", Description = "a leader below 2.11 in a newer cluster")]
    [TestCase("limits", "2.12.4", "", "CONSUMER.INFO STREAM.INFO ACK ACK")]
    public async Task Ack_TwiceByAnInstanceThatDeliveredNothing_AsksAsTheLeadersVersionNeeds(
        string retention, string? version, string filter, string calls)
    {
        _retention = retention;
        var metadata = version is null ? "" : $$"""{{filter}},"metadata":{"_nats.ver":"{{version}}"}""";
        _consumerInfo = () => Info(replicated: false, config: version is null ? filter : metadata);

        await _client.TryAckAsync("s", "c", 9, 9);
        await _client.TryAckAsync("s", "c", 8, 8);

        // An acknowledgement and a look at its message go out together, and come in any order.
        var expected = calls.Split(' ');
        Assert.That(_calls, calls.Contains("ACK MSG.GET", StringComparison.Ordinal) ? Is.EquivalentTo(expected) : Is.EqualTo(expected));
    }

    [Test]
    public async Task Ack_ThatIsNotAnswered_IsNoSuccessAndTheNextOneAsksAgain()
    {
        await _jetStream.AnswerAsync("$JS.API.CONSUMER.INFO.s.reset", () => Info(replicated: false));
        await _jetStream.AnswerAsync("$JS.ACK.s.reset.>", () => _delivered == 10 ? string.Empty : null);
        var before = await _client.TryAckAsync("s", "reset", 10, 10);

        // As after CONSUMER.RESET, of which no advisory tells.
        _delivered = 0;
        var unanswered = await _client.TryAckAsync("s", "reset", 9, 9);
        var again = await _client.TryAckAsync("s", "reset", 9, 9);

        Assert.That(
            new[] { before.Status, unanswered.Status, again.Status },
            Is.EqualTo(new[] { HttpStatusCode.OK, HttpStatusCode.GatewayTimeout, HttpStatusCode.NotFound }),
            $"{before} {unanswered} {again}");
    }

    [Test]
    public async Task Ack_ToNamesThatDoNotExist_LeavesNothingBehind()
    {
        var ledger = _gateway.DataplaneServices.GetRequiredService<ConsumerLedger>();
        await _client.TryAckAsync("s", "absent", 1, 1);
        await _client.DataAsync(
            HttpMethod.Post, "/v1/data/stream/s/consumer/absent/ack", new StringContent("""[{"stream":1,"consumer":1}]"""));

        Assert.That(ledger.Count, Is.Zero);
    }

    [Test]
    public async Task Ack_AfterAnotherLeaderWasElected_AsksWhatThatOneKnows()
    {
        _consumerInfo = () => Info(replicated: false);
        var before = await _client.TryAckAsync("s", "c", 10, 10);
        _delivered = 8;

        await _jetStream.TellAsync("$JS.EVENT.ADVISORY.CONSUMER.LEADER_ELECTED.s.c");
        GatewayAnswer? after = null;
        await Eventually.HoldsAsync(
            async () => (after = await _client.TryAckAsync("s", "c", 10, 10)).Status is HttpStatusCode.ServiceUnavailable,
            "an acknowledgement that the new leader could not take, refused for the moment");

        using (Assert.EnterMultipleScope())
        {
            Assert.That(before.Status, Is.EqualTo(HttpStatusCode.OK), before.ToString());
            Assert.That(after!.Detail, Does.Contain("nothing was acknowledged"));
        }
    }

    /// <summary>As if this instance had sent them to a subscriber.</summary>
    private void Delivered(params (ulong Stream, ulong Consumer)[] deliveries)
    {
        var entry = _gateway.DataplaneServices.GetRequiredService<ConsumerLedger>().Get("s", "c");
        foreach (var (stream, consumer) in deliveries)
        {
            entry.Saw(new DeliverySequence(stream, consumer));
        }
    }

    private string Info(bool replicated, string config = ",\"metadata\":{\"_nats.ver\":\"2.15.1\"}", string since = "") =>
        $$$"""{"stream_name":"s","name":"c","ts":"2026-11-24T12:00:00Z","config":{"ack_policy":"explicit"{{{config}}}},"delivered":{"consumer_seq":{{{_delivered}}},"stream_seq":{{{_delivered}}}},"cluster":{"leader":"n1"{{{since}}},"replicas":[{{{(replicated ? Copies : "")}}}]}}""";
}
