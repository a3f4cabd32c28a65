using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;
using NATS.Client.Core;

namespace Httpmq.Tests.Contract;

/// <summary>Definitions that meet in the same moment, through one gateway or two: a change that was answered 200 is there.</summary>
[Parallelizable(ParallelScope.All)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(ServerUnderTest.Category)]
internal sealed class ConcurrentDefinitionTests
{
    private const int Rounds = 100;

    private IAsyncDisposable? _nats;
    private IReadOnlyList<string> _urls = [];
    private Gateway[] _gateways = [];
    private GatewayClient[] _clients = [];

    [TearDown]
    public async Task StopAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        await Task.WhenAll(_gateways.Select(gateway => gateway.DisposeAsync().AsTask()));
        await (_nats?.DisposeAsync() ?? ValueTask.CompletedTask);
        _nats = null;
    }

    [TestCase(1, 1)]
    [TestCase(1, 2)]
    [TestCase(1, 3)]
    [TestCase(3, 2)]
    public async Task Changes_OfLimitsAndSubjectsAtOnce_AreAllThere(int servers, int gateways)
    {
        await StartAsync(servers, gateways);
        await DefineStreamAsync("s.0");
        var lost = new List<string>();
        for (var round = 1; round <= Rounds; round++)
        {
            var limit = PutAsync(0, "limit", $$"""{"max_msgs":{{round}}}""");
            var subject = PutAsync(1, "subject", $$"""{"subjects":["s.{{round}}"]}""");
            var size = PutAsync(2, "limit", $$"""{"max_msg_size":{{1000 + round}}}""");
            await Task.WhenAll(limit, subject, size);
            var config = (await _clients[0].StreamAsync("s"))["config"]!;
            AddLost(lost, await limit, (long)config["max_msgs"]!, round);
            AddLost(lost, await size, (long)config["max_msg_size"]!, 1000 + round);
            AddLost(lost, await subject, (string)config["subjects"]![0]!, $"s.{round}");
        }

        Assert.That(lost, Is.Empty);
    }

    [TestCase(1, 1)]
    [TestCase(1, 2)]
    [TestCase(3, 2)]
    public async Task Definitions_OfOneConsumerWithOtherFilters_OneIsTaken(int servers, int gateways)
    {
        await StartAsync(servers, gateways);
        await DefineStreamAsync("s.*");
        var wrong = new List<string>();
        for (var round = 1; round <= Rounds; round++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(number => DefineAsync(number, $"c{round}", number)));
            var filter = (string)(await _clients[0].ConsumerAsync("s", $"c{round}"))["config"]!["filter_subject"]!;
            var taken = answers.Count(answer => answer.Status is HttpStatusCode.OK);
            if (taken != 1 || answers.Count(answer => answer.Status is HttpStatusCode.Conflict) != 2
                || answers[filter[^1] - '0'].Status is not HttpStatusCode.OK)
            {
                wrong.Add($"{filter} after {string.Join(", ", answers.Select(answer => answer.ToString()))}");
            }
        }

        Assert.That(wrong, Is.Empty);
    }

    [TestCase(1, 2)]
    public async Task Definitions_OfOnePushConsumerAtOnce_NeverMoveTheDeliverSubject(int servers, int gateways)
    {
        await StartAsync(servers, gateways);
        await DefineStreamAsync("s.*");
        for (var round = 1; round <= 8; round++)
        {
            // The first to be answered subscribes while the others are still on their way.
            var name = $"c{round}";
            var definitions = Enumerable.Range(0, 4).Select(number => DefineAsync(number, name, filter: 0, inflight: 10 + number)).ToList();
            await Task.WhenAny(definitions);
            await using var subscription = await _clients[0].SubscribeAsync("s", name, "subject_name=s.0");
            var answers = await Task.WhenAll(definitions);
            Assert.That(answers.Select(answer => answer.Status), Is.All.EqualTo(HttpStatusCode.OK), string.Join(
                ", ", answers.Select(answer => answer.ToString())));
            await _clients[0].PublishAsync("s.0", $"message {round}");
            for (var message = 1; message <= round; message++)
            {
                Assert.That((await subscription.NextAsync()).Text, Is.EqualTo($"message {message}"));
            }
        }
    }

    [TestCase(1, 2)]
    [TestCase(3, 2)]
    public async Task Definitions_OfOneStreamThatDiffer_OneIsTaken(int servers, int gateways)
    {
        await StartAsync(servers, gateways);
        for (var round = 1; round <= 30; round++)
        {
            var name = $"s{round}";
            var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(number =>
                _clients[number].ManageAsync(
                    HttpMethod.Post, "/v1/admin/stream", $$"""{"name":"{{name}}","max_msgs":{{100 + number}}}""")));
            var limit = (int)(await _clients[0].StreamAsync(name))["config"]!["max_msgs"]!;
            using (Assert.EnterMultipleScope())
            {
                Assert.That(answers.Count(answer => answer.Status is HttpStatusCode.OK), Is.EqualTo(1), string.Join(
                    ", ", answers.Select(answer => answer.ToString())));
                Assert.That(answers[limit - 100].Status, Is.EqualTo(HttpStatusCode.OK));
            }
        }
    }

    [Test]
    public async Task Change_WhileAnotherGatewayIsStuckInOne_Is503AndNothingIsChanged()
    {
        await StartAsync(1, 1);
        await DefineStreamAsync("s.0");
        Assert.That((await PutAsync(0, "limit", """{"max_msgs":5}""")).Status, Is.EqualTo(HttpStatusCode.OK));

        // What a gateway writes that begins a change, and never ends it.
        await using var raw = new NatsConnection(new NatsOpts { Url = _urls[0] });
        var taken = await raw.RequestAsync<string, string>("$KV.httpmq_locks.s", "elsewhere");
        Assert.That(taken.Data, Does.Contain("\"seq\""));

        var refused = await PutAsync(0, "limit", """{"max_msgs":6}""");
        Assert.That(refused.Status, Is.EqualTo(HttpStatusCode.ServiceUnavailable), refused.ToString());
        Assert.That(refused.Detail, Does.Contain("another change of it is under way").And.Contain("nothing was changed"));
        Assert.That((int)(await _clients[0].StreamAsync("s"))["config"]!["max_msgs"]!, Is.EqualTo(5));
        await Eventually.HoldsAsync(
            async () => (await PutAsync(0, "limit", """{"max_msgs":7}""")).Status is HttpStatusCode.OK,
            "a change after the lock of the other has run out",
            TimeSpan.FromSeconds(40));
    }

    [Test]
    public async Task Locks_OfTheGateway_AreNeitherListedNorPublishedTo()
    {
        await StartAsync(1, 1);
        await DefineStreamAsync("s.0");
        await PutAsync(0, "limit", """{"max_msgs":5}""");
        var streams = (await _clients[0].ManageAsync(HttpMethod.Get, "/v1/admin/stream")).Body["streams"]!.AsObject();
        var published = await _clients[0].TryPublishAsync("$KV.httpmq_locks.s", [1]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(streams.Select(stream => stream.Key), Is.EqualTo(["s"]));
            Assert.That(published.Status, Is.EqualTo(HttpStatusCode.BadRequest), published.ToString());
        }
    }

    private static void AddLost<T>(List<string> lost, GatewayAnswer answer, T actual, T asked)
    {
        if (answer.Status is not HttpStatusCode.OK || !Equals(actual, asked))
        {
            lost.Add($"{asked} is {actual} after {answer}");
        }
    }

    private Task<GatewayAnswer> PutAsync(int client, string what, string body) =>
        _clients[client].ManageAsync(HttpMethod.Put, $"/v1/admin/stream/s/{what}", body);

    private Task<GatewayAnswer> DefineAsync(int client, string name, int filter, int inflight = 10) =>
        _clients[client % _clients.Length].ManageAsync(
            HttpMethod.Post,
            "/v1/admin/stream/s/consumer",
            new JsonObject { ["name"] = name, ["mode"] = "push", ["max_inflight"] = inflight, ["filter_subject"] = $"s.{filter}" }
                .ToJsonString());

    /// <summary>A cluster that has just started may not answer in time; to define the same again is safe.</summary>
    private Task DefineStreamAsync(string subject) => Eventually.HoldsAsync(
        async () =>
            (await _clients[0].ManageAsync(HttpMethod.Post, "/v1/admin/stream", $$"""{"name":"s","subjects":["{{subject}}"]}""")).Success,
        "a stream to change",
        TimeSpan.FromSeconds(40));

    /// <summary>As many clients as a test needs, spread over the gateways, which are spread over the servers.</summary>
    private async Task StartAsync(int servers, int gateways)
    {
        if (servers == 1)
        {
            var server = await ServerUnderTest.StartAsync();
            (_nats, _urls) = (server, [server.Url]);
        }
        else
        {
            var cluster = await ServerUnderTest.StartClusterAsync();
            (_nats, _urls) = (cluster, [.. cluster.Nodes.Select(static node => node.Url)]);
        }

        _gateways = await Task.WhenAll(Enumerable.Range(0, gateways).Select(number => Gateway.StartAsync(_urls[number % servers])));
        _clients = [.. Enumerable.Range(0, 4).Select(number => _gateways[number % gateways].Client())];
        foreach (var client in _clients)
        {
            await Eventually.HoldsAsync(
                async () => (await client.ManageAsync(HttpMethod.Get, "/v1/admin/ready")).Success
                    && (await client.DataAsync(HttpMethod.Get, "/v1/data/ready")).Success,
                "a gateway that is ready",
                TimeSpan.FromSeconds(40));
        }
    }
}
