using System.Diagnostics;
using System.Net;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Contract;

/// <summary>
/// Section 2: with NATS gone every route answers within 5 s; section 4: what was answered with an error is not stored later.
/// </summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Category(ServerUnderTest.Category)]
internal sealed class OutageTests(string version)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private static readonly (string Method, string Path, string? Body)[] Routes =
    [
        ("GET", "/v1/admin/ready", null),
        ("GET", "/v1/admin/stream", null),
        ("POST", "/v1/admin/stream", """{"name":"other"}"""),
        ("GET", "/v1/admin/stream/s", null),
        ("PUT", "/v1/admin/stream/s/subject", """{"subjects":["s.x"]}"""),
        ("PUT", "/v1/admin/stream/s/limit", """{"max_msgs":5}"""),
        ("DELETE", "/v1/admin/stream/s", null),
        ("POST", "/v1/admin/stream/s/consumer", """{"name":"c","mode":"push","max_inflight":9}"""),
        ("GET", "/v1/admin/stream/s/consumer", null),
        ("GET", "/v1/admin/stream/s/consumer/c", null),
        ("DELETE", "/v1/admin/stream/s/consumer/c", null),
        ("GET", "/v1/data/ready", null),
        ("POST", "/v1/data/subject/s", "aGk="),
        ("GET", "/v1/data/stream/s/consumer/c?subject_name=s", null),
        ("POST", "/v1/data/stream/s/consumer/c/ack", """{"stream":1,"consumer":1}"""),
    ];

    private NatsServer _nats = null!;
    private Gateway _gateway = null!;
    private GatewayClient _client = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _nats = await ServerUnderTest.StartAsync();
        _gateway = await Gateway.StartAsync(_nats.Url);
        _client = _gateway.Client(Version.Parse(version));
        await BecomesReadyAsync();
        await _client.DefineStreamAsync("s", "s");
        await _client.DefineConsumerAsync("s", "c");
        await _client.PublishAsync("s", "before");
    }

    [TearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _gateway.DisposeAsync();
        await _nats.DisposeAsync();
    }

    [Test]
    public async Task NatsKilled_EveryRoute_Is503WithRetryAfterAndReadyAgainAfterwards()
    {
        await _nats.KillAsync();
        foreach (var (method, path, body) in Routes)
        {
            await AssertUnavailableAsync(method, path, body);
        }

        Assert.That((await _client.ManageAsync(HttpMethod.Get, "/v1/admin/alive")).Success, Is.True);
        Assert.That((await _client.DataAsync(HttpMethod.Get, "/v1/data/alive")).Success, Is.True);

        await _nats.StartAgainAsync();
        await BecomesReadyAsync();
        var stream = await _client.StreamAsync("s");
        using (Assert.EnterMultipleScope())
        {
            Assert.That((ulong)stream["state"]!["messages"]!, Is.EqualTo(1), "a message that was answered with 503 was published later");
            Assert.That((long)stream["config"]!["max_msgs"]!, Is.EqualTo(-1));
            Assert.That((long)(await _client.ConsumerAsync("s", "c"))["config"]!["max_ack_pending"]!, Is.EqualTo(100));
        }
    }

    [Test]
    public async Task NatsKilledWhilePublishing_EveryAnswer_IsTrue()
    {
        const int Publishers = 16;
        using var killed = new CancellationTokenSource();
        var publishers = Enumerable.Range(0, Publishers).Select(_ => PublishUntilAsync(killed.Token)).ToArray();
        await Eventually.HoldsAsync(async () => (ulong)(await _client.StreamAsync("s"))["state"]!["messages"]! > 200, "messages");
        await _nats.KillAsync();
        await killed.CancelAsync();
        var answers = (await Task.WhenAll(publishers)).SelectMany(answer => answer).ToArray();

        await _nats.StartAgainAsync();
        await BecomesReadyAsync();
        var stored = answers.Where(answer => answer.Success).Select(answer => (ulong)answer.Body["sequence"]!).ToHashSet();
        var last = (ulong)(await _client.StreamAsync("s"))["state"]!["last_seq"]!;
        var failed = answers.Where(answer => !answer.Success).ToArray();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(failed.Select(answer => answer.Status), Is.All.EqualTo(HttpStatusCode.ServiceUnavailable));
            Assert.That(stored.Max(), Is.LessThanOrEqualTo(last), "a message that was answered with 200 is gone");
            Assert.That(last, Is.LessThanOrEqualTo((ulong)(stored.Count + Publishers + 1)), "messages that nobody was told of");
        }
    }

    [Test]
    public async Task NatsAbsentAtStart_TheGateway_ServesAndBecomesReadyLater()
    {
        await using var late = await ServerUnderTest.StartAsync();
        await late.KillAsync();
        await using var gateway = await Gateway.StartAsync(late.Url);
        using var client = gateway.Client(Version.Parse(version));
        Assert.That((await client.DataAsync(HttpMethod.Get, "/v1/data/alive")).Success, Is.True);
        Assert.That((await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That((await client.TryPublishAsync("s", [1])).Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable));

        await late.StartAgainAsync();
        await Eventually.HoldsAsync(async () => (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "ready with NATS");
    }

    private async Task<List<GatewayAnswer>> PublishUntilAsync(CancellationToken killed)
    {
        var answers = new List<GatewayAnswer>();
        while (!killed.IsCancellationRequested)
        {
            answers.Add(await _client.TryPublishAsync("s", [1, 2, 3]));
        }

        answers.Add(await _client.TryPublishAsync("s", [1, 2, 3]));
        return answers;
    }

    private async Task AssertUnavailableAsync(string method, string path, string? body)
    {
        var start = Stopwatch.GetTimestamp();
        var answer = path.StartsWith("/v1/admin", StringComparison.Ordinal)
            ? await _client.ManageAsync(new HttpMethod(method), path, body)
            : await _client.DataAsync(new HttpMethod(method), path, body is null ? null : new StringContent(body));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answer.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), $"{method} {path}: {answer}");
            Assert.That(answer.Response.Headers.RetryAfter, Is.Not.Null, $"{method} {path}");
            Assert.That((int)answer.Body["error"]!["code"]!, Is.EqualTo(503));
            Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(Longest), $"{method} {path}");
        }
    }

    private async Task BecomesReadyAsync()
    {
        await Eventually.HoldsAsync(async () => (await _client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success, "the dataplane ready");
        await Eventually.HoldsAsync(async () => (await _client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success, "management ready");
    }
}
