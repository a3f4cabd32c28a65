using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Httpmq.Infrastructure.Diagnosis;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Hosting.Doctor;

/// <summary>What the doctor finds of real nats-servers, and that it changes nothing there.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class DoctorNatsTests : DoctorFixture
{
    private const string Secret = "hunter2-is-secret";

    [Test]
    public async Task Nats_HasAllThatIsNeeded_IsWell()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        await using var raw = new RawJetStream(nats.Url);
        await raw.CreateStreamAsync("KV_httpmq_locks", ["$KV.httpmq_locks.>"]);
        await raw.CreateStreamAsync("s", ["s.>"]);

        var found = await ExamineAsync("all", Nats(nats.Url));

        using (Assert.EnterMultipleScope())
        {
            found.Is("nats.connection", CheckState.Ok, $"nats-server {ServerUnderTest.Facts.Version} answers");
            found.Is("nats.login", CheckState.Ok, "none");
            found.Is("nats.version", CheckState.Ok, ServerUnderTest.IsAtLeast(2, 14) ? "has all features" : "lacks ");
            found.Is("jetstream", CheckState.Ok, "it answers");
            found.Is("jetstream.limits", CheckState.Ok, "streams 2 (no limit), consumers 0 (no limit)");
            found.Is("nats.permissions", CheckState.Ok, "are permitted");
            found.Is("clock", CheckState.Ok, "nats-server, known to ±");
            Assert.That(found.Report.Result, Is.Not.EqualTo(CheckState.Problem), found.Report.ToText());
            foreach (var stream in (string[])["s", "KV_httpmq_locks"])
            {
                var state = (await raw.CallAsync($"STREAM.INFO.{stream}"))["state"]!;
                Assert.That((int)state["last_seq"]!, Is.Zero, stream);
            }

            Assert.That((int)(await raw.CallAsync("STREAM.NAMES"))["total"]!, Is.EqualTo(2));
        }
    }

    [TestCase(60, CheckState.Problem, "ahead of")]
    [TestCase(-3, CheckState.Warning, "behind")]
    public async Task Clock_IsWrong_IsSaidWithTheDifference(int seconds, CheckState state, string text)
    {
        await using var nats = await ServerUnderTest.StartAsync();

        var found = await ExamineAsync("dataplane", Nats(nats.Url), new ScaledTime(10, TimeSpan.FromSeconds(seconds)));

        Assert.That(found["clock"].Seen, Does.Contain(text), found.Report.ToText());
        // On a machine that stalls the way is long, and less is known.
        Assert.That(found["clock"].State, Is.EqualTo(state).Or.EqualTo(CheckState.Ok), found.Report.ToText());
    }

    [Test]
    public async Task JetStream_IsNotThere_IsAProblem()
    {
        await using var nats = await ServerUnderTest.StartWithoutJetStreamAsync();

        var found = await ExamineAsync("dataplane", Nats(nats.Url));

        found.Is("jetstream", CheckState.Problem, "nobody answers for it");
        found.Is("nats.permissions", CheckState.Ok, "are permitted");
    }

    [Test]
    public async Task Login_IsWrong_IsAProblemAndNoSecretIsShown()
    {
        await using var nats = await StartAsync($$"""authorization { user: gateway, password: "{{Secret}}" }""");
        var environment = Nats(nats.Url);
        environment["Httpmq__Nats__Login__User"] = "gateway";
        environment["Httpmq__Nats__Login__Password"] = Secret + "-not";

        var found = await ExamineAsync("dataplane", environment);
        var open = await ExamineAsync("dataplane", Nats(nats.Url));
        var inUri = await ExamineAsync("dataplane", Nats($"nats://gateway:{Secret}@127.0.0.1:{nats.Port}"));

        using (Assert.EnterMultipleScope())
        {
            found.Is("nats.login", CheckState.Problem, "nats-server refuses the gateway's login");
            Assert.That(found["nats.login"].Seen, Does.Contain("correct nats.login.password"));
            open.Is("nats.login", CheckState.Problem, "nats-server demands a login");
            inUri.Is("nats.login", CheckState.Ok, "the server takes");
            foreach (var report in (Found[])[found, open, inUri])
            {
                Assert.That(report.Report.ToText() + report.Report.ToJson(), Does.Not.Contain(Secret));
            }
        }
    }

    [Test]
    public async Task Permissions_AreMissing_AreNamed()
    {
        await using var nats = await StartAsync(
            """
            authorization { users: [
              { user: some, password: p, permissions: {
                publish: { deny: ["$JS.API.STREAM.PURGE.>", "$JS.ACK.>", "$JS.FC.>"] }, subscribe: { deny: "$JS.EVENT.ADVISORY.>" } } }
              { user: fc, password: p, permissions: { publish: { deny: "$JS.FC.>" } } }
              { user: deaf, password: p, permissions: { subscribe: { deny: "_INBOX.>" } } }
              { user: documented, password: p, permissions: {
                publish: ["$JS.API.>", "$JS.ACK.>", "$JS.FC.>", "$KV.httpmq_locks.>", "_HTTPMQ.RESET.>", "_INBOX.>"]
                subscribe: ["_INBOX.>", "$JS.EVENT.ADVISORY.>", "_HTTPMQ.RESET.>"] } }
            ] }
            """);

        var some = await ExamineAsync("all", Nats(Login("some")));
        var dataplane = await ExamineAsync("dataplane", Nats(Login("some")));
        var fc = await ExamineAsync("dataplane", Nats(Login("fc")));
        var deaf = await ExamineAsync("management", Nats(Login("deaf")));
        var documented = await ExamineAsync("all", Nats(Login("documented")));

        using (Assert.EnterMultipleScope())
        {
            some.Is("nats.permissions", CheckState.Problem,
                "not permitted: publish $JS.API.STREAM.PURGE.*, publish $JS.ACK.>, publish $JS.FC.>, subscribe $JS.EVENT.ADVISORY.>");
            dataplane.Is("nats.permissions", CheckState.Problem, "not permitted: publish $JS.ACK.>, publish $JS.FC.>, subscribe $JS");
            fc.Is("nats.permissions", CheckState.Warning, "not permitted: publish $JS.FC.>");
            deaf.Is("nats.permissions", CheckState.Problem, "subscribe _INBOX.>");
            deaf.Is("jetstream", CheckState.Problem, "it cannot be asked");
            documented.Is("nats.permissions", CheckState.Ok, "are permitted");
            documented.Is("clock", CheckState.Ok, "nats-server, known to ±");
            Assert.That(documented.Report.Result, Is.Not.EqualTo(CheckState.Problem), documented.Report.ToText());
        }

        string Login(string user) => $"nats://{user}:p@127.0.0.1:{nats.Port}";
    }

    [Test]
    public async Task Limits_AreUsedUp_AreAProblem()
    {
        await using var nats = await StartAsync(
            """
            accounts { A { jetstream { max_streams: 1, max_mem: 10M }, users: [ { user: u, password: p } ] } }
            """);
        var url = $"nats://u:p@127.0.0.1:{nats.Port}";
        await using var raw = new RawJetStream(url);
        await raw.CreateStreamAsync("s", ["s"], new JsonObject { ["max_bytes"] = 9_000_000 });

        var found = await ExamineAsync("management", Nats(url));

        found.Is("jetstream.limits", CheckState.Problem, "streams 1 of 1");
    }

    [Test]
    public async Task Servers_DeadOneAndWrongName_AreToldEachBesideOneThatIsWell()
    {
        await using var nats = await ServerUnderTest.StartAsync();
        var dead = $"nats://127.0.0.1:{Ports.Free()}";

        var found = await ExamineAsync("dataplane", Nats($"{dead},{nats.Url}"));

        Assert.That(found["nats.connection", dead].Seen, Is.EqualTo("nobody listens there"));
        Assert.That(found["nats.connection", nats.Url].State, Is.EqualTo(CheckState.Ok));
        found.Is("jetstream", CheckState.Ok, "it answers");
    }

    [Test]
    public async Task Server_TakesConnectionsAndSaysNothing_IsToldInTime()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var address = $"nats://127.0.0.1:{((IPEndPoint)silent.LocalEndpoint).Port}";

        var found = await ExamineAsync("dataplane", Nats(address), new ScaledTime(0.1));

        Assert.That(found["nats.connection", address].Seen, Is.EqualTo("there is no answer within 4 s"), found.Report.ToText());
    }

    private Task<NatsServer> StartAsync(string configuration) => ServerUnderTest.StartAsync("-c", Write("nats.conf", configuration));
}
