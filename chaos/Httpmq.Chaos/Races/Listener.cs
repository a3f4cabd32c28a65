using System.Net;
using System.Net.Sockets;
using Httpmq.Chaos.Load;

namespace Httpmq.Chaos.Races;

/// <summary>A subscription of which only matters whether it is open, and how many messages came.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private const int MostMessages = 1000;

    private readonly GatewayClient _client;
    private readonly CancellationTokenSource _leaving = new();
    private readonly SemaphoreSlim _messages = new(0, MostMessages);
    private readonly Task _running;
    private volatile bool _open;

    public Listener(Uri address, string path, TimeSpan delay)
    {
        _client = new GatewayClient(address);
        _running = RunAsync(path, delay);
    }

    public bool IsOpen => _open;

    /// <summary>Whether a message came, or comes within this time.</summary>
    public Task<bool> ReceivesAsync(TimeSpan within) => _messages.WaitAsync(within);

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        await _running;
        _client.Dispose();
        _leaving.Dispose();
        _messages.Dispose();
    }

    private async Task RunAsync(string path, TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, _leaving.Token);
            using var response = await _client.SubscribeAsync(path, _leaving.Token);
            if (response.StatusCode is not HttpStatusCode.OK)
            {
                return;
            }

            _open = true;
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(_leaving.Token));
            while (await reader.ReadLineAsync(_leaving.Token) is { } line
                && line.StartsWith("""{"success":true""", StringComparison.Ordinal))
            {
                _messages.Release();
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or IOException or OperationCanceledException)
        {
            // It was not let in, or has ended: that is what IsOpen says.
        }
        finally
        {
            _open = false;
        }
    }
}
