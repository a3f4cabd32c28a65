using System.Text;
using Httpmq.Client;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Clients;

/// <summary>The examples of clients/csharp/README.md, run; and the README, held against them.</summary>
[Category(ServerUnderTest.Category)]
internal sealed class ReadmeExampleTests
{
    private const string Source = "Httpmq.Tests/Clients/ReadmeExampleTests.cs";

    [Test]
    public async Task Example_OfTheReadme_Works()
    {
        using var output = new StringWriter();
        using var httpmq = HttpmqClient.Create(SharedServers.Gateway.Management, SharedServers.Gateway.Dataplane);
        try
        {
            await RunAsync(httpmq, output).WaitAsync(Eventually.TimeLimit);
            await RunMoreAsync(httpmq, output).WaitAsync(Eventually.TimeLimit);
        }
        finally
        {
            await httpmq.Management.DeleteStreamAsync("orders");
        }

        Assert.That(output.ToString().ReplaceLineEndings("\n").Trim().Split('\n'), Is.EqualTo(new[]
        {
            "Hello World",
            "record 1: 3",
            "record 2: 4",
            "2 orders.paid 17",
            "3 orders.a 18",
            "4 orders.b {\"order\":19}",
            "17",
        }));
    }

    [Test]
    public void Readme_Example_IsTheOneThatRuns()
    {
        var source = Repository.Read(Source);
        var examples = Repository.Read("clients/csharp/README.md").Split("```csharp").Skip(1).Select(text => text.Split("```")[0]);
        var lines = examples.SelectMany(text => text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Where(line => !line.StartsWith("using ", StringComparison.Ordinal) && line.Length > 1);

        Assert.That(lines.Where(line => !source.Contains(line, StringComparison.Ordinal)), Is.Empty);
    }

    private static async Task RunAsync(HttpmqClient httpmq, StringWriter Console)
    {
        await httpmq.Management.DefineStreamAsync(new StreamParameters { Name = "orders", Subjects = ["orders.>"] });
        await httpmq.Management.DefineConsumerAsync(
            "orders", new ConsumerParameters { Name = "billing", Mode = ConsumerMode.Push, MaxInflight = 4 });
        await httpmq.Dataplane.PublishAsync("orders.new", "Hello World"u8.ToArray());
        await foreach (var message in httpmq.Dataplane.SubscribeAsync("orders", "billing", "orders.>"))
        {
            Console.WriteLine(Encoding.UTF8.GetString(message.Data.Span));
            await message.AcknowledgeAsync();
            break;
        }
    }

    private static async Task RunMoreAsync(HttpmqClient httpmq, StringWriter Console)
    {
        // Headers, a key that keeps a message from being stored twice, a condition, and how long it is kept.
        var options = new PublishOptions { Headers = { ["Trace-Id"] = "7" }, IdempotencyKey = "order-17" };
        var stored = await httpmq.Dataplane.PublishAsync("orders.paid", "17"u8.ToArray(), options);
        Assert.That(stored.Sequence, Is.EqualTo(2));

        // A batch, with an outcome of each record; PublishAtomicAsync stores all or none.
        PublishRecord[] records = [new() { Subject = "orders.a", Msg = "18" }, new() { Subject = "orders.b", Json = new { order = 19 } }];
        await foreach (var outcome in httpmq.Dataplane.PublishBatchAsync(records))
        {
            Console.WriteLine($"record {outcome.Line}: {outcome.Sequence}");
        }

        // Pull consumers: so many messages with one request, each settled by a verb.
        await httpmq.Management.DefineConsumerAsync(
            "orders", new ConsumerParameters { Name = "workers", Mode = ConsumerMode.Pull, MaxInflight = 100 });
        foreach (var message in await httpmq.Dataplane.PullAsync("orders", "workers", new PullOptions { Batch = 2 }))
        {
            await message.NakAsync(TimeSpan.FromMinutes(5)); // or AcknowledgeAsync, TermAsync, ProgressAsync
        }

        // A session: messages come on a WebSocket and are settled on it; credit says how many more.
        await using var session = await httpmq.Dataplane.OpenSessionAsync("orders", "workers", new SessionOptions { Credit = 1 });
        await foreach (var message in session.ReadAllAsync())
        {
            await message.AcknowledgeAsync();
            await session.GiveCreditAsync(1);
            break;
        }

        // A replay: stored messages in order, without a consumer made beforehand. It goes on by itself when the connection is lost.
        await foreach (var message in httpmq.Dataplane.ReplayAsync("orders", new ReplayOptions { FromSequence = 2 }))
        {
            Console.WriteLine($"{message.Sequence} {message.Subject} {Encoding.UTF8.GetString(message.Data.Span)}");
        }

        // One stored message.
        var last = await httpmq.Dataplane.ReadLastMessageAsync("orders.paid");
        Console.WriteLine(Encoding.UTF8.GetString(last.B64Msg!));
    }
}
