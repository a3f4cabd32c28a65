using System.IO.Pipelines;
using System.Net;
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

file sealed class PipeContent(PipeReader reader) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        // Headers first: the answer may start before there is a record.
        await stream.FlushAsync();
        while (await reader.ReadAsync() is var result && !(result.IsCompleted && result.Buffer.IsEmpty))
        {
            foreach (var segment in result.Buffer)
            {
                await stream.WriteAsync(segment);
            }

            await stream.FlushAsync();
            reader.AdvanceTo(result.Buffer.End);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
