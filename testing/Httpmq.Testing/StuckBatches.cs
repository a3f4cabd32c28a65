using System.Net.Sockets;
using System.Text;

namespace Httpmq.Testing;

/// <summary>Batches over one bare HTTP/2 connection of a client that sends records and gives no window for their outcomes.</summary>
internal sealed class StuckBatches : IAsyncDisposable
{
    private readonly TcpClient _client;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _reading;
    private int _resets;

    private StuckBatches(TcpClient client)
    {
        _client = client;
        _reading = ReadAsync(client.GetStream(), _closing.Token);
    }

    /// <summary>Streams that the server has reset.</summary>
    public int Resets => Volatile.Read(ref _resets);

    /// <summary>The server has closed the connection.</summary>
    public Task Closed => _reading;

    /// <summary>Opens so many batches, with so many records of this text each, and keeps them open.</summary>
    public static async Task<StuckBatches> OpenAsync(
        Uri server, int batches, int records, string record, CancellationToken cancellationToken = default)
    {
        using var timeLimit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeLimit.CancelAfter(TimeSpan.FromSeconds(60));
        var client = new TcpClient();
        try
        {
            await client.ConnectAsync(server.Host, server.Port, timeLimit.Token);
            var stuck = new StuckBatches(client);
            await stuck.SendAsync(server, batches, records, record, timeLimit.Token);
            return stuck;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _reading;
        _client.Dispose();
        _closing.Dispose();
    }

    private async Task SendAsync(Uri server, int batches, int records, string record, CancellationToken cancellationToken)
    {
        var output = _client.GetStream();

        // SETTINGS_INITIAL_WINDOW_SIZE (4) is 0.
        await output.WriteAsync(Http2Frames.Opening(0, 4, 0, 0, 0, 0), cancellationToken);
        var head = Http2Frames.RequestHead("POST", server.Authority, "/v1/data/publish"u8.ToArray());
        var body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(record + "\n", records)));
        for (var stream = 1; stream < 2 * batches; stream += 2)
        {
            await output.WriteAsync(Http2Frames.Frame(Http2Frames.Headers, Http2Frames.EndHeaders, stream, head), cancellationToken);
            foreach (var part in body.Chunk(Http2Frames.LargestPayload))
            {
                await output.WriteAsync(Http2Frames.Frame(Http2Frames.Data, 0, stream, part), cancellationToken);
            }
        }
    }

    private async Task ReadAsync(NetworkStream input, CancellationToken closing)
    {
        try
        {
            while (true)
            {
                var (type, flags, _, _) = await Http2Frames.ReadAsync(input, closing);
                switch (type)
                {
                    case Http2Frames.ResetStream:
                        Interlocked.Increment(ref _resets);
                        break;
                    case Http2Frames.Settings when flags == 0:
                        await input.WriteAsync(Http2Frames.Frame(Http2Frames.Settings, Http2Frames.Acknowledgement, 0, []), closing);
                        break;
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // Closed, by one of the two.
        }
    }
}
