using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Httpmq.Chaos.Faults;
using Httpmq.Chaos.Load;
using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos.Races;

/// <summary>Asks every gateway for everything at once, and writes down how long each answer took.</summary>
internal sealed class SilenceProbe(TestBed bed, LoadContext load, FaultLog log) : IDisposable
{
    private const int Records = 20;
    private const int Acks = 100;
    private const string Free = $"/v1/admin/stream/{ProbeStreams.Free}";

    private readonly GatewayClient _management = new(bed.Management.Address);
    private readonly List<(string Name, GatewayClient Client)> _dataplanes = [.. bed.Dataplanes.Select(
        site => (site.Name, new GatewayClient(site.Address)))];

    public Task AskAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(
            _dataplanes.SelectMany(dataplane => AskDataplane(dataplane.Name, dataplane.Client, cancellationToken)).Concat(AskManagement()));

    public void Dispose()
    {
        _management.Dispose();
        _dataplanes.ForEach(dataplane => dataplane.Client.Dispose());
    }

    private IEnumerable<Task> AskManagement() =>
    [
        TimeAsync("management: ready", _management.GetAsync("/v1/admin/ready")),
        TimeAsync("management: streams", _management.GetAsync("/v1/admin/stream")),
        TimeAsync("management: stream", _management.GetAsync(Free)),
        TimeAsync("management: consumers", _management.GetAsync($"{Free}/consumer")),
        TimeAsync("management: define a stream", _management.PostAsync("/v1/admin/stream", ProbeStreams.Definitions.First())),
        TimeAsync("management: limit", _management.PutAsync($"{Free}/limit", new JsonObject())),
        TimeAsync("management: delete a consumer", _management.DeleteAsync($"{Free}/consumer/nobody")),
    ];

    private IEnumerable<Task> AskDataplane(string name, GatewayClient client, CancellationToken cancellationToken)
    {
        var consumer = $"/v1/data/stream/{load.Stream}/consumer/pull";
        var batch = new StringBuilder().Insert(0, $$"""{"subject":"{{ProbeStreams.Free}}.silence","b64_msg":"eA=="}""" + "\n", Records)
            .ToString();
        var acks = new JsonArray(
            [.. Enumerable.Range(1, Acks).Select(number => new JsonObject { ["stream"] = number, ["consumer"] = number })]);
        return
        [
            TimeAsync($"{name}: ready", client.GetAsync("/v1/data/ready")),
            TimeAsync($"{name}: batch of {Records}", client.PostAsync("/v1/data/publish", batch)),
            TimeAsync($"{name}: {Acks} acks", client.PostAsync($"{consumer}/ack", acks)),
            SubscribeAsync($"{name}: subscribe", client, $"{consumer}?subject_name={load.Stream}.%3E", cancellationToken),
        ];
    }

    private async Task TimeAsync(string what, Task<GatewayAnswer> answering)
    {
        var start = log.Clock.Now;
        var answer = await answering;
        log.Journal.Write(new RequestEntry(start, log.Clock.Now, what, answer.Status, answer.Detail));
    }

    private async Task SubscribeAsync(string what, GatewayClient client, string path, CancellationToken cancellationToken)
    {
        var (start, status) = (log.Clock.Now, 0);
        try
        {
            using var response = await client.SubscribeAsync(path, cancellationToken);
            status = (int)response.StatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            // Not answered: the status says so.
        }

        log.Journal.Write(new RequestEntry(start, log.Clock.Now, what, status));
    }
}
