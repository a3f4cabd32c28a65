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
    public Task CreatePushConsumerAsync(string stream, string name, int maxInflight, string? group = null) =>
        CreateConsumerAsync(stream, name, "push", maxInflight, group);

    public Task CreatePullConsumerAsync(string stream, string name, int maxInflight) =>
        CreateConsumerAsync(stream, name, "pull", maxInflight, group: null);

    public void Dispose() => _client.Dispose();

    private Task CreateConsumerAsync(string stream, string name, string mode, int maxInflight, string? group) =>
        PostAsync($"/v1/admin/stream/{stream}/consumer", new JsonObject
        {
            ["name"] = name,
            ["mode"] = mode,
            ["max_inflight"] = maxInflight,
            ["ack_wait"] = HourInNanoseconds,
            ["delivery_group"] = group,
        });

    private async Task PostAsync(string path, JsonObject body)
    {
        using var response = await _client.PostAsJsonAsync(new Uri(path, UriKind.Relative), body);
        if (!response.IsSuccessStatusCode)
        {
            throw new BenchException($"POST {path}: {await response.Content.ReadAsStringAsync()}");
        }
    }
}
