using System.Globalization;
using System.Text.Json.Nodes;
using Httpmq.Tests.Browser;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Documents;

/// <summary>What the documentation has for web pages (blocks marked <c>js</c>), run in a browser: each settles what it receives.</summary>
[Category(ServerUnderTest.Category)]
[Category(ServerUnderTest.AnyServer)]
internal sealed class PageSnippetTests
{
    private static readonly string[] Files = ["README.md", "docs/api.md"];
    private static readonly string[] Consumers = ["billing", "workers", "nightly"];

    public static IEnumerable<TestCaseData> Snippets() =>
        from file in Files
        from snippet in Repository.Read(file).Split("```js\n").Skip(1).Select(static text => text.Split("```")[0])
        select new TestCaseData(file, snippet).SetArgDisplayNames(file, snippet.Split('\n')[0]);

    [TestCaseSource(nameof(Snippets))]
    public async Task Snippet_InAPage_SettlesWhatItReceives(string file, string snippet)
    {
        var port = BrowserPage.NewPort();
        var origin = $"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}";
        await using var nats = await ServerUnderTest.StartAsync();
        await using var gateway = await Gateway.StartAsync(
            nats.Url, server => server with { AllowedOrigins = new HashSet<string>(StringComparer.Ordinal) { origin } });
        using var client = gateway.Client();
        await OwnGateway.IsReadyAsync(client);
        await client.DefineStreamAsync("orders", "orders.>");
        var consumer = Consumers.Single(name => snippet.Contains($"/consumer/{name}?", StringComparison.Ordinal));
        var mode = consumer is "billing" ? "push" : "pull";
        await client.DefineConsumerAsync("orders", consumer, new JsonObject { ["mode"] = mode, ["max_inflight"] = 4 });
        await client.PublishAsync("orders.new", """{"order":17}""");

        var here = $"127.0.0.1:{gateway.Dataplane.Port.ToString(CultureInfo.InvariantCulture)}";
        await using var page = BrowserPage.Open(port, snippet.Replace("127.0.0.1:3001", here, StringComparison.Ordinal));

        await Eventually.HoldsAsync(
            async () =>
            {
                var answer = await client.ManageAsync(HttpMethod.Get, $"/v1/admin/stream/orders/consumer/{consumer}");
                return (int)answer.Body["consumer"]!["ack_floor"]!["stream_seq"]! == 1;
            },
            $"the message settled by the page of {file}");
    }
}
