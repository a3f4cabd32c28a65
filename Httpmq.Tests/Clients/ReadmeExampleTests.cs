using System.Text;
using Httpmq.Client;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Clients;

/// <summary>The example of clients/csharp/README.md, run; and the README, held against it.</summary>
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
        }
        finally
        {
            await httpmq.Management.DeleteStreamAsync("orders");
        }

        Assert.That(output.ToString().Trim(), Is.EqualTo("Hello World"));
    }

    [Test]
    public void Readme_Example_IsTheOneThatRuns()
    {
        var source = Repository.Read(Source);
        var example = Repository.Read("clients/csharp/README.md").Split("```csharp")[1].Split("```")[0];
        var lines = example.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
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
}
