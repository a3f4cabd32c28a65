using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Httpmq.Bench.Loads;

/// <summary>Defines streams and consumers the way users do.</summary>
internal sealed class Management(Uri server) : IDisposable
{
    private const long HourInNanoseconds = 3_600_000_000_000;

    private readonly HttpClient _client = new() { BaseAddress = server };

    public Task CreateStreamAsync(string name, string subject) =>
        PostAsync("/v1/admin/stream", new JsonObject { ["name"] = name, ["subjects"] = new JsonArray(subject) });

    /// <summary>A push consumer whose messages do not come again within a measurement.</summary>
    public Task CreatePushConsumerAsync(string stream, string name, int maxInflight) =>
        PostAsync($"/v1/admin/stream/{stream}/consumer", new JsonObject
        {
            ["name"] = name,
            ["mode"] = "push",
            ["max_inflight"] = maxInflight,
            ["ack_wait"] = HourInNanoseconds,
        });

    public void Dispose() => _client.Dispose();

    private async Task PostAsync(string path, JsonObject body)
    {
        using var response = await _client.PostAsJsonAsync(new Uri(path, UriKind.Relative), body);
        if (!response.IsSuccessStatusCode)
        {
            throw new BenchException($"POST {path}: {await response.Content.ReadAsStringAsync()}");
        }
    }
}
