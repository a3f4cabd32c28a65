using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Infrastructure.Connection;

/// <summary>What the gateway's NATS user must be permitted, and what is said where it is not.</summary>
[Parallelizable]
internal sealed class NatsPermissionTests : NatsAccessFixture
{
    /// <summary>These are the permissions of docs/nats.md.</summary>
    [Test]
    public async Task Permissions_OfTheDocumentation_SufficeForEverything()
    {
        var nats = await ServeAsync(
            """
            authorization { users: [ { user: u, password: p, permissions: {
              publish: ["$JS.API.>", "$JS.ACK.>", "$JS.FC.>", "$KV.httpmq_locks.>", "_HTTPMQ.RESET.>", "_INBOX.>", "*.orders.>"]
              subscribe: ["_INBOX.>", "$JS.EVENT.ADVISORY.>", "_HTTPMQ.RESET.>"]
            } } ] }
            """);
        var client = await StartGatewayAsync(Login(nats), static options => options);
        await OwnGateway.IsReadyAsync(client);

        await client.DefineStreamAsync("s", "s.orders.>");
        await client.DefineConsumerAsync("s", "push");
        await client.DefineConsumerAsync("s", "pull", new JsonObject { ["mode"] = "pull" });
        await client.PublishAsync("s.orders.a", "hello");
        foreach (var consumer in new[] { "push", "pull" })
        {
            await using var subscription = await client.SubscribeAsync("s", consumer, "?subject_name=s.orders.>");
            var line = await subscription.NextAsync();
            Assert.That(line.Text, Is.EqualTo("hello"));
            await client.AckAsync("s", consumer, line);
        }

        var replay = await client.SendRawAsync(HttpMethod.Get, "/v1/data/stream/s/message");
        Assert.That(replay.Text, Does.Contain("\"s.orders.a\""));
        Assert.That(nats.Errors, Does.Not.Contain("Violation"));
    }

    [Test]
    public async Task Inbox_IsNotPermitted_IsSaidInsteadOfSilence()
    {
        var nats = await ServeAsync(
            """authorization { users: [ { user: u, password: p, permissions: { subscribe: { deny: "_INBOX.>" } } } ] }""");
        var client = await StartGatewayAsync(Login(nats), static options => options);

        await ProblemAsync(client, "nats-server does not permit the gateway's NATS user to subscribe to _INBOX.");

        // Beside other tests the limit of the whole answer may come first.
        var last = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                last = (await client.ManageAsync(HttpMethod.Get, "/v1/admin/stream")).Detail;
                return last.Contains("does not permit the gateway's NATS user to subscribe to _INBOX.", StringComparison.Ordinal);
            },
            () => $"management says what is not permitted; last: {last}");
    }

    [Test]
    public async Task Asking_IsNotPermitted_EndsTheSubscriptionAndThePull()
    {
        var nats = await ServeAsync(
            """
            authorization { users: [ { user: u, password: p, permissions: { publish: { deny: "$JS.API.CONSUMER.MSG.NEXT.s.>" } } } ] }
            """);
        var client = await StartGatewayAsync(Login(nats), static options => options);
        await OwnGateway.IsReadyAsync(client);
        await client.DefineStreamAsync("s", "s");
        await client.DefineConsumerAsync("s", "c", new JsonObject { ["mode"] = "pull" });
        const string Says =
            "nats-server does not permit the gateway's NATS user to publish to $JS.API.CONSUMER.MSG.NEXT.s.c (permissions violation)";

        // nats-server may say it before or after the subscription has begun.
        var (open, refusal) = await client.TrySubscribeAsync("s", "c", "?subject_name=s");
        var end = open is null ? refusal!.Body : (await open.NextAsync()).Json;
        Assert.That(((int)end["error"]!["code"]!, (string?)end["error"]!["detail"]), Is.EqualTo((409, Says)));
        if (open is not null)
        {
            await open.DisposeAsync();
        }

        var pull = await client.DataAsync(
            HttpMethod.Post, "/v1/data/stream/s/consumer/c/pull", new StringContent("""{"expires":"20s"}"""));
        Assert.That(pull.Status, Is.Not.EqualTo(HttpStatusCode.OK), pull.ToString());
        Assert.That(pull.Detail, Does.Contain(Says));
    }

    private static string Login(NatsServer nats) => $"nats://u:p@127.0.0.1:{nats.Port}";
}
