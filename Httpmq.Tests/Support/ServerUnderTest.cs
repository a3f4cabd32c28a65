using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Tests.Support;

/// <summary>The nats-server that the tests run against, and what it does that others do not.</summary>
internal static class ServerUnderTest
{
    /// <summary>Category of tests that talk to a nats-server; `make test-servers` runs them on each supported generation.</summary>
    public const string Category = "broker";

    /// <summary>
    /// Beside <see cref="Category"/>: what these test is HTTP and the process, whichever nats-server is behind them, or is tried on each by
    /// `make chaos`. They run on one server only.
    /// </summary>
    public const string AnyServer = "any-server";

    /// <summary>Category of tests that start processes or fetch servers themselves, and need no nats-server to be there.</summary>
    public const string ProcessCategory = "process";

    private static readonly string[] Generations = ["2.9", "2.10", "2.15"];

    private static readonly Lazy<ServerFacts> Asked = new(() => ServerFacts.Of(NatsProgram.VersionOf(Executable)));

    public static string Executable => NatsProgram.Chosen;

    /// <summary>What that server does, for what differs between generations.</summary>
    public static ServerFacts Facts => Asked.Value;

    /// <summary>A stream's max_consumers may be changed; measured: 2.9 and 2.10 refuse it, 2.15 does not.</summary>
    public static bool ChangesMaxConsumers => IsAtLeast(2, 11);

    /// <summary>Subjects such as <c>*.*</c> may not take in those of JetStream; measured: 2.9 and 2.10 allow it, 2.15 does not.</summary>
    public static bool KeepsItsSubjectsToItself => IsAtLeast(2, 11);

    /// <summary>
    /// An acknowledgement of a message that was never delivered is not answered and does nothing; earlier ones delete the message.
    /// </summary>
    public static bool IgnoresAckOfUndelivered => IsAtLeast(2, 10, 26);

    public static bool IsAtLeast(int major, int minor, int patch = 0) => Facts.Version >= new Version(major, minor, patch);

    /// <summary>
    /// Fails a test that is about to talk to a nats-server while its fixture is not in <see cref="Category"/>: it would run on
    /// the newest server only, and nobody would notice.
    /// </summary>
    public static void RequireCategory()
    {
        var test = TestContext.CurrentContext.Test;
        if (test.Type is { } fixture
            && !fixture.IsDefined(typeof(SetUpFixtureAttribute), inherit: false)
            && !test.AllCategories().Contains(Category, StringComparer.Ordinal))
        {
            throw new InvalidOperationException(
                $"{fixture.Name} talks to a nats-server: give it [Category(ServerUnderTest.Category)], so that it "
                    + "runs on every generation.");
        }
    }

    /// <summary>Starts one with JetStream.</summary>
    public static Task<NatsServer> StartAsync(params string[] arguments) => StartOneAsync(["-js", .. arguments]);

    /// <summary>Starts one on which JetStream's subjects are subjects like any other.</summary>
    public static Task<NatsServer> StartWithoutJetStreamAsync() => StartOneAsync([]);

    /// <summary>Starts a cluster of three.</summary>
    /// <param name="isWired">Whether they reach each other through wires that can be slowed and cut.</param>
    /// <param name="latency">What such a wire takes.</param>
    public static async Task<NatsCluster> StartClusterAsync(bool isWired = false, TimeSpan latency = default)
    {
        RequireCategory();
        var cluster = new NatsCluster([Executable], isWired);
        foreach (var route in cluster.Routes)
        {
            route.Wire.Slow(latency);
        }

        await cluster.StartAsync();
        return cluster;
    }

    /// <summary>Starts a cluster of one server of each generation, the oldest first.</summary>
    public static async Task<NatsCluster> StartMixedClusterAsync()
    {
        RequireCategory();
        var cluster = new NatsCluster([.. Generations.Select(NatsProgram.OfGeneration)]);
        await cluster.StartAsync();
        return cluster;
    }

    private static Task<NatsServer> StartOneAsync(string[] arguments)
    {
        RequireCategory();
        return NatsServer.StartAsync(Executable, arguments);
    }
}
