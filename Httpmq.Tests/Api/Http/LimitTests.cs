using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Api.Bodies;
using Httpmq.Api.Http;
using Httpmq.Tests.Api.Bodies;
using Httpmq.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Httpmq.Tests.Api.Http;

/// <summary>The configured limits: each is kept to the byte or the request, and each has its own answer.</summary>
[TestFixture("1.1")]
[TestFixture("2.0")]
[Parallelizable(ParallelScope.All)]
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class LimitTests(string version)
{
    [Test]
    public async Task Message_AroundTheLargest_IsTakenUpToItExactly()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats, new LimitSettings { MaxMessageBytes = 1000 });
        using var client = Client(gateway);
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);

        var exact = await client.TryPublishAsync(stream, new byte[1000]);
        var larger = await client.TryPublishAsync(stream, new byte[1001]);
        var batch = await PublishBatchAsync(client, Record(stream, 1000) + Record(stream, 1001) + Record(stream, 1));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(exact.Status, Is.EqualTo(HttpStatusCode.OK), exact.ToString());
            Assert.That(larger.Status, Is.EqualTo(HttpStatusCode.RequestEntityTooLarge), larger.ToString());
            Assert.That(larger.Detail, Does.Contain("1000").And.Contain("limits.max_message_bytes"));
            Assert.That(batch, Is.EqualTo(new[] { 200, 413, 200 }));
            Assert.That((int)(await client.StreamAsync(stream))["state"]!["messages"]!, Is.EqualTo(3));
        }
    }

    [Test]
    public async Task Bodies_MoreThanAllMayHoldTogether_Are503UntilThereIsRoom()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats, new LimitSettings { MaxTotalBodyBytes = 300_000 });
        using var client = Client(gateway);
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        await client.DefineConsumerAsync(stream, "c");
        var large = new byte[60_000];
        var rest = new TaskCompletionSource();
        var body = Encoding.ASCII.GetBytes(Convert.ToBase64String(new byte[90_000]));
        var buffers = gateway.DataplaneServices.GetRequiredService<BodyBuffers>();

        var slow = client.DataAsync(HttpMethod.Post, $"/v1/data/subject/{stream}", new PacedContent([body], rest.Task));
        await Eventually.HoldsAsync(() => buffers.Used >= body.Length, "a large body that is not complete");
        var refused = await client.TryPublishAsync(stream, large);
        var batch = await PublishBatchAsync(client, Record(stream, large.Length) + Record(stream, 10));
        var json = await client.DataAsync(
            HttpMethod.Post, $"/v1/data/stream/{stream}/consumer/c/ack", new StringContent($"[{new string(' ', 250_000)}]"));
        var small = await client.TryPublishAsync(stream, new byte[1000]);
        rest.SetResult();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), refused.ToString());
            Assert.That(refused.Detail, Does.Contain("limits.max_total_body_bytes").And.Contain("nothing was stored"));
            Assert.That(refused.Response.Headers.RetryAfter, Is.Not.Null);
            Assert.That(batch, Is.EqualTo(new[] { 503, 200 }));
            Assert.That(json.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), json.ToString());
            Assert.That(small.Success, Is.True, small.ToString());
            Assert.That((await slow).Success, Is.True);
        }

        await Eventually.HoldsAsync(() => buffers.Used == 0, "all buffers given back");
        Assert.That((await client.TryPublishAsync(stream, large)).Success, Is.True);
        Assert.That((int)(await client.StreamAsync(stream))["state"]!["messages"]!, Is.EqualTo(4));
    }

    [Test]
    public async Task Connections_BeyondTheMost_AreClosed()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats, new LimitSettings { MaxConnections = 4 });
        var open = new List<TcpClient>();
        try
        {
            for (var count = 0; count < 6; count++)
            {
                var socket = new TcpClient();
                open.Add(socket);
                await socket.ConnectAsync(gateway.Dataplane.Host, gateway.Dataplane.Port);
                await socket.GetStream().WriteAsync("GET /"u8.ToArray());
            }

            var last = open[^1].GetStream();
            using var timeLimit = new CancellationTokenSource(Eventually.TimeLimit);
            Assert.That(await ReadOrResetAsync(last, timeLimit.Token), Is.Zero);
        }
        finally
        {
            open.ForEach(static socket => socket.Dispose());
        }

        using var client = Client(gateway);
        await Eventually.HoldsAsync(
            async () =>
            {
                try
                {
                    return (await client.DataAsync(HttpMethod.Get, "/v1/data/alive")).Success;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "room again");
    }

    [Test]
    public async Task Subscription_BeyondTheMost_Is429UntilOneLeaves()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats, new LimitSettings { MaxSubscriptions = 2 });
        using var client = Client(gateway);
        var stream = await DefinePullAsync(client);
        var first = await client.SubscribeAsync(stream, "c", $"subject_name={stream}");
        await using var second = await client.SubscribeAsync(stream, "c", $"subject_name={stream}");

        var (_, refusal) = await client.TrySubscribeAsync(stream, "c", $"subject_name={stream}");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(refusal!.Status, Is.EqualTo(HttpStatusCode.TooManyRequests));
            Assert.That(refusal.Response.Headers.RetryAfter, Is.Not.Null);
            Assert.That(refusal.Detail, Does.Contain("limits.max_subscriptions"));
        }

        await first.DisposeAsync();
        await Eventually.HoldsAsync(
            async () =>
            {
                var (open, _) = await client.TrySubscribeAsync(stream, "c", $"subject_name={stream}");
                await (open?.DisposeAsync() ?? ValueTask.CompletedTask);
                return open is not null;
            },
            "room again");
    }

    [Test]
    public async Task Subscription_ManyAtOnce_NeverOpenMoreThanTheMost()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats, new LimitSettings { MaxSubscriptions = 3 });
        using var client = Client(gateway);
        var stream = await DefinePullAsync(client);

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 30).Select(_ => client.TrySubscribeAsync(stream, "c", $"subject_name={stream}")));
        try
        {
            Assert.That(answers.Count(static answer => answer.Open is not null), Is.EqualTo(3));
            Assert.That(answers.Where(static answer => answer.Open is null).Select(static answer => answer.Refusal!.Status), Is.All.EqualTo(
                HttpStatusCode.TooManyRequests));
        }
        finally
        {
            foreach (var (open, _) in answers)
            {
                await (open?.DisposeAsync() ?? ValueTask.CompletedTask);
            }
        }
    }

    [Test]
    public async Task Batch_BeyondTheMost_Is429AndStoresNothingUntilOneEnds()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats, new LimitSettings { MaxBatches = 1 });
        using var client = Client(gateway);
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        var end = new TaskCompletionSource();
        var open = client.SendRawAsync(
            HttpMethod.Post, "/v1/data/publish", new PacedContent([Encoding.UTF8.GetBytes(Record(stream, 1))], end.Task));
        await Eventually.HoldsAsync(
            async () => (int)(await client.StreamAsync(stream))["state"]!["messages"]! == 1, "the open batch's record");

        var refusal = await client.DataAsync(HttpMethod.Post, "/v1/data/publish", new StringContent(Record(stream, 10)));
        end.SetResult();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(refusal.Status, Is.EqualTo(HttpStatusCode.TooManyRequests), refusal.ToString());
            Assert.That(refusal.Response.Headers.RetryAfter, Is.Not.Null);
            Assert.That((string?)refusal.Body["error"]!["type"], Is.EqualTo("too-many-open-batches"));
            Assert.That(refusal.Detail, Does.Contain("1 are open (limits.max_batches)"));
            Assert.That((await open).Text, Does.Contain("\"sequence\":1"));
            Assert.That((int)(await client.StreamAsync(stream))["state"]!["messages"]!, Is.EqualTo(1));
        }

        await Eventually.HoldsAsync(
            async () =>
            {
                var (status, _) = await client.SendRawAsync(HttpMethod.Post, "/v1/data/publish", new StringContent(Record(stream, 1)));
                return status is HttpStatusCode.OK;
            },
            "room again");
    }

    [Test]
    public async Task Headers_LargerThanTheLimit_AreRefusedAndTheProcessServesOn()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats, new LimitSettings { MaxHeaderBytes = 4096 });
        using var client = Client(gateway);
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(gateway.Dataplane, "/v1/data/alive"))
        {
            Version = Version.Parse(version),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.Add("X-Large", new string('x', 8000));

        Assert.That(await StatusAsync(http.SendAsync(request)), Is.EqualTo(431).Or.EqualTo(
            version is "2.0" ? 0 : 431), "0: the connection was refused");
        Assert.That((await client.DataAsync(HttpMethod.Get, "/v1/data/alive")).Success, Is.True);
    }

    [Test]
    public async Task Read_NatsFrozen_Is504ThatSaysThatNothingHappened()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats);
        using var client = gateway.Client();
        nats.Pause();
        var answers = await Task.WhenAll(
            client.ManageAsync(HttpMethod.Get, "/v1/admin/stream"),
            client.ManageAsync(HttpMethod.Get, "/v1/admin/stream/s"),
            client.ManageAsync(HttpMethod.Put, "/v1/admin/stream/s/limit", "{}"),
            client.ManageAsync(HttpMethod.Delete, "/v1/admin/stream/s"));
        nats.Resume();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(answers.Select(static answer => (int)answer.Status), Is.All.EqualTo(504));
            Assert.That(answers[..3].Select(static answer => answer.Detail), Is.All.Contains("nothing was changed"));
            Assert.That(answers[3].Detail, Does.Contain("may have happened"));
        }
    }

    [Test]
    public async Task Inflight_OneAndNatsFrozen_Is503AtOnceForTheSecondAnd504ForTheFirst()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await OwnGateway.StartAsync(nats, new LimitSettings { MaxInflightRequests = 1 });
        using var client = Client(gateway);
        await client.DefineStreamAsync("s", "s");
        await client.PublishAsync("s", "before");

        nats.Pause();
        Task<GatewayAnswer>[] publishes = [client.TryPublishAsync("s", [1]), client.TryPublishAsync("s", [2])];
        var refused = await (await Task.WhenAny(publishes).WaitAsync(TimeSpan.FromSeconds(2)));
        var answers = await Task.WhenAll(publishes).WaitAsync(TimeSpan.FromSeconds(6));
        nats.Resume();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(refused.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), refused.ToString());
            Assert.That(refused.Response.Headers.RetryAfter, Is.Not.Null);
            Assert.That(answers.Select(static answer => (int)answer.Status), Is.EquivalentTo(new[] { 503, 504 }));
        }

        await Eventually.HoldsAsync(async () => (await client.TryPublishAsync("s", [3])).Success, "publishing again");
    }

    [Test]
    public async Task Batch_WindowOfOne_AnswersAllInOrder()
    {
        await using var gateway = await OwnGateway.StartAsync(SharedServers.Nats, new LimitSettings { BatchWindow = 1 });
        using var client = Client(gateway);
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);

        var results = await PublishBatchAsync(client, string.Concat(Enumerable.Repeat(Record(stream, 10), 200)));

        Assert.That(results, Has.Count.EqualTo(200).And.All.EqualTo(200));
    }

    private GatewayClient Client(Gateway gateway) => gateway.Client(Version.Parse(version));

    private static async Task<int> ReadOrResetAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(new byte[1], cancellationToken);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static async Task<string> DefinePullAsync(GatewayClient client)
    {
        var stream = SharedServers.NewName();
        await client.DefineStreamAsync(stream, stream);
        await client.DefineConsumerAsync(stream, "c", new JsonObject { ["mode"] = "pull" });
        return stream;
    }

    private static string Record(string subject, int size) =>
        $$"""{"subject":"{{subject}}","b64_msg":"{{Convert.ToBase64String(new byte[size])}}"}""" + "\n";

    private static async Task<IReadOnlyList<int>> PublishBatchAsync(GatewayClient client, string records)
    {
        var (status, text) = await client.SendRawAsync(HttpMethod.Post, "/v1/data/publish", new StringContent(records));
        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), text);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => (int?)JsonNode.Parse(line)!["error"]?["code"] ?? 200)];
    }

    private static async Task<int> StatusAsync(Task<HttpResponseMessage> sending)
    {
        try
        {
            using var response = await sending;
            return (int)response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }
}
