using System.Net;
using System.Text.Json.Nodes;
using Httpmq.Chaos.Faults;
using Httpmq.Chaos.Load;
using Httpmq.Chaos.Races;
using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos;

/// <summary>One run: start everything, load it, break it, mend it, let it drain, and write down what is left.</summary>
internal sealed class ChaosRun(ChaosOptions options, string folder, TextWriter output)
{
    private const string Stream = "chaos";
    private const string Group = "workers";
    private const int PublishersPerGateway = 2;
    private const int MembersPerGateway = 2;

    /// <summary>Short, so that what was not acknowledged comes again while the run lasts.</summary>
    private static readonly TimeSpan AckWait = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan DefinitionLimit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan StandbyDelay = TimeSpan.FromSeconds(2);

    /// <summary>After the last fault: gateways agree on who holds what, and the checker sees whether they do.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(12);

    private static readonly string[] Consumers = ["solo", "group", "pull"];

    private readonly RunClock _clock = new();

    /// <summary>Runs, and judges the journal.</summary>
    public async Task<Verdict> RunAsync(CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, "journal.jsonl");
        await using (var journal = new JournalWriter(path))
        await using (var bed = new TestBed(folder, options, Stream, _clock, journal))
        {
            await bed.StartAsync(cancellationToken);
            await DefineAsync(bed, cancellationToken);
            journal.Write(new StreamEntry(_clock.Now, options.Copies));
            await LoadAsync(bed, journal, cancellationToken);
            await bed.StopAsync();
        }

        return Check(path);
    }

    /// <summary>Judges a journal of an earlier run.</summary>
    public static Verdict Check(string path) =>
        JournalChecker.Check(JournalReader.Read(path), new CheckOptions { AckWait = AckWait });

    private async Task DefineAsync(TestBed bed, CancellationToken cancellationToken)
    {
        using var client = new GatewayClient(bed.Management.Address);
        await SucceedAsync(
            () => client.PostAsync("/v1/admin/stream",
                new JsonObject { ["name"] = Stream, ["subjects"] = new JsonArray($"{Stream}.>"), ["replicas"] = options.Copies }),
            cancellationToken);
        var info = await SucceedAsync(() => client.GetAsync($"/v1/admin/stream/{Stream}"), cancellationToken);
        if ((int?)info.Body!["stream"]!["config"]!["replicas"] is not { } copies || copies != options.Copies)
        {
            throw new InvalidOperationException($"the stream was to have {options.Copies} replicas: {info.Body.ToJsonString()}");
        }

        foreach (var consumer in Consumers)
        {
            var parameters = new JsonObject
            {
                ["name"] = consumer,
                ["mode"] = consumer is "pull" ? "pull" : "push",
                ["max_inflight"] = 500,
                ["ack_wait"] = (long)AckWait.TotalNanoseconds,
            };
            if (consumer is "group")
            {
                parameters["delivery_group"] = Group;
            }

            await SucceedAsync(() => client.PostAsync($"/v1/admin/stream/{Stream}/consumer", parameters), cancellationToken);
        }

        foreach (var probe in ProbeStreams.Definitions)
        {
            await SucceedAsync(() => client.PostAsync("/v1/admin/stream", probe), cancellationToken);
        }
    }

    private async Task LoadAsync(TestBed bed, JournalWriter journal, CancellationToken cancellationToken)
    {
        var tally = new Tally();
        var context = new LoadContext(Stream, bed.Dataplanes, _clock, journal, tally) { Verbs = options.Verbs };
        using var faults = new FaultInjector(bed, context, Consumers, new FaultLog(_clock, journal, new Random(options.Seed)));
        using var publishing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var subscribing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var (publishers, subscribers) = (CreatePublishers(context), CreateSubscribers(context));
        var readers = CreateReaders(context);
        try
        {
            var running = subscribers.Select(subscriber => subscriber.RunAsync(subscribing.Token))
                .Concat(readers.Select(reader => reader.RunAsync(subscribing.Token))).ToArray();
            await using var pulse = new Pulse(_clock, journal);
            await using var progress = new Progress(bed, Consumers, tally, faults, _clock, output);
            var publications = publishers.Select(publisher => publisher.RunAsync(publishing.Token)).ToArray();
            await BreakAsync(context, faults, cancellationToken);
            context.Behave();
            await faults.WaitUntilCurrentAsync(cancellationToken);
            await Task.Delay(options.Upgrades.Count + options.Faults.Count > 0 ? Settling : TimeSpan.Zero, cancellationToken);
            await publishing.CancelAsync();
            await Task.WhenAll(publications);
            await DrainAsync(bed, readers, journal, cancellationToken);
            await subscribing.CancelAsync();
            await Task.WhenAll(running);
        }
        finally
        {
            await publishing.CancelAsync();
            await subscribing.CancelAsync();
            publishers.ForEach(publisher => publisher.Dispose());
            subscribers.ForEach(subscriber => subscriber.Dispose());
            readers.ForEach(reader => reader.Dispose());
        }

        await WriteDownAsync(bed, journal, cancellationToken);
    }

    private async Task BreakAsync(LoadContext context, FaultInjector faults, CancellationToken cancellationToken)
    {
        await Task.Delay(options.Calm, cancellationToken);
        var plan = new FaultPlan(options.Faults, new Random(options.Seed));
        var part = (options.Duration - options.Calm) / (options.Upgrades.Count + 1);
        context.Misbehave();
        await BreakAsync(faults, plan, part, cancellationToken);
        foreach (var server in options.Upgrades)
        {
            await faults.UpgradeAsync(server, cancellationToken);
            await BreakAsync(faults, plan, part, cancellationToken);
        }
    }

    private async Task BreakAsync(FaultInjector faults, FaultPlan plan, TimeSpan length, CancellationToken cancellationToken)
    {
        var end = _clock.Now + (long)length.TotalMicroseconds;
        while (_clock.Now < end)
        {
            if (plan.Next() is { } fault)
            {
                await faults.InjectAsync(fault, cancellationToken);
            }

            await Task.Delay(plan.Rest(), cancellationToken);
        }
    }

    /// <summary>
    /// Waits until nothing is left to send, replay or acknowledge, and then as long as something would take to come again.
    /// </summary>
    private async Task DrainAsync(
        TestBed bed, IReadOnlyList<ReplayReader> readers, JournalWriter journal, CancellationToken cancellationToken)
    {
        var limit = _clock.Now + (long)options.DrainLimit.TotalMicroseconds;
        foreach (var consumer in Consumers)
        {
            while (await bed.Observer.ConsumerAsync(consumer, cancellationToken) is not { Pending: 0, AckPending: 0 } && _clock.Now < limit)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
            }

            journal.Write(new NoteEntry(_clock.Now, consumer, "drained, or out of patience"));
        }

        while (_clock.Now < limit && (await bed.Observer.StreamAsync(cancellationToken) is not { } standing
            || readers.Any(reader => reader.Last < standing.Messages)))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellationToken);
        }

        await Task.Delay(AckWait + TimeSpan.FromSeconds(1), cancellationToken);
    }

    private async Task WriteDownAsync(TestBed bed, JournalWriter journal, CancellationToken cancellationToken)
    {
        var standing = await bed.Observer.StreamAsync(cancellationToken)
            ?? throw new InvalidOperationException("the stream does not answer at the end");
        var held = await bed.Observer.ReadAllAsync(cancellationToken);
        if ((ulong)held.Count != standing.Messages)
        {
            journal.Write(new NoteEntry(_clock.Now, "stream", $"says that it holds {standing.Messages}, and gave {held.Count}"));
        }

        foreach (var message in held)
        {
            journal.Write(new StoredEntry(_clock.Of(message.Stored), message.Sequence, Payload.NameOf(message.Bytes)));
        }

        foreach (var consumer in Consumers)
        {
            var end = await bed.Observer.ConsumerAsync(consumer, cancellationToken)
                ?? throw new InvalidOperationException($"consumer {consumer} does not answer at the end");
            journal.Write(new ConsumerEntry(_clock.Now, consumer, end.AckFloor, end.Pending, end.AckPending));
        }
    }

    private List<Publisher> CreatePublishers(LoadContext context) =>
        [.. Enumerable.Range(0, PublishersPerGateway * context.Sites.Count).Select(index =>
            new Publisher($"p{index}", index % context.Sites.Count, options.Inflight, context, options.Seed + index))];

    /// <summary>A holder and a standby for the push consumer without a group; several on each gateway for the others.</summary>
    private List<Subscriber> CreateSubscribers(LoadContext context)
    {
        var subscribers = new List<Subscriber>();
        for (var index = 0; index < context.Sites.Count; index++)
        {
            // One holds the consumer, the other waits for its turn; they do not ask at the same moment, which is a race of its own.
            subscribers.Add(new Subscriber($"solo{index}", "solo", group: null, (options.Seed + index) % context.Sites.Count, context,
                options.Seed + index, StandbyDelay * index));
        }

        for (var index = 0; index < MembersPerGateway * context.Sites.Count; index++)
        {
            subscribers.Add(new Subscriber($"group{index}", "group", Group, index % context.Sites.Count, context, options.Seed + index));
            subscribers.Add(
                new Subscriber($"pull{index}", "pull", group: null, index % context.Sites.Count, context, options.Seed + index));
        }

        return subscribers;
    }

    /// <summary>One on each gateway, and one over a WebSocket.</summary>
    private List<ReplayReader> CreateReaders(LoadContext context) =>
    [
        .. context.Sites.Select((_, site) => new ReplayReader($"replay{site}", site, context, options.Seed + site)),
        new ReplayReader("socket-replay", options.Seed % context.Sites.Count, context, options.Seed, overWebSocket: true),
    ];

    /// <summary>A definition may be asked for again; a cluster that has only just begun may not be ready for it.</summary>
    private static async Task<GatewayAnswer> SucceedAsync(Func<Task<GatewayAnswer>> ask, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(DefinitionLimit);
        while (true)
        {
            var answer = await ask();
            if (answer.Success)
            {
                return answer;
            }

            if (limit.IsCancellationRequested
                || answer.Status is not (0 or (int)HttpStatusCode.ServiceUnavailable or (int)HttpStatusCode.GatewayTimeout))
            {
                throw new InvalidOperationException($"the management answered {answer.Status}: {answer.Detail}");
            }
        }
    }
}
