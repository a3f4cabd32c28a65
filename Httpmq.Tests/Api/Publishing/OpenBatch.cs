using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Api.Publishing;

/// <summary>A request whose body is still being written while its answer is read.</summary>
internal sealed class OpenBatch(HttpResponseMessage response, StreamReader reader, PipeWriter body) : IAsyncDisposable
{
    public static async Task<OpenBatch> StartAsync(GatewayClient client)
    {
        var pipe = new Pipe();
        var response = await client.OpenAsync(HttpMethod.Post, "/v1/data/publish", new PipeContent(pipe.Reader));
        return new OpenBatch(response, new StreamReader(await response.Content.ReadAsStreamAsync()), pipe.Writer);
    }

    public async Task SendAsync(string line) => await body.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));

    public async Task<JsonNode?> NextAsync() =>
        await reader.ReadLineAsync().WaitAsync(Eventually.TimeLimit) is { } line ? JsonNode.Parse(line) : null;

    public void Complete() => body.Complete();

    public async ValueTask DisposeAsync()
    {
        await body.CompleteAsync();
        response.Dispose();
    }
}
