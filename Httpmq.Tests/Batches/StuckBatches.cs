using System.Net.Sockets;
using System.Text;
using Httpmq.Tests.Fuzz;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Batches;

/// <summary>Batches over one bare HTTP/2 connection of a client that sends records and gives no window for their outcomes.</summary>
internal sealed class StuckBatches : IAsyncDisposable
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte ResetStream = 3;
    private const byte Settings = 4;
    private const byte EndHeaders = 4;
    private const byte Acknowledgement = 1;
    private const int LargestFrame = 16_384;

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

    /// <summary>Whether the server has closed the connection.</summary>
    public bool IsClosed => _reading.IsCompleted;

    /// <summary>Opens so many batches, with so many records of this text each, and keeps them open.</summary>
    public static async Task<StuckBatches> OpenAsync(Uri server, int batches, int records, string record)
    {
        using var timeLimit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, timeLimit.Token);
        var stuck = new StuckBatches(client);
        var output = client.GetStream();

        // SETTINGS_INITIAL_WINDOW_SIZE (4) is 0.
        await output.WriteAsync((byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. RawHttp2.Frame(Settings, 0, 0, [0, 4, 0, 0, 0, 0])], timeLimit.Token);
        byte[] head =
        [
            .. RawHttp2.Literal(":method", "POST"u8.ToArray()), .. RawHttp2.Literal(":scheme", "http"u8.ToArray()),
            .. RawHttp2.Literal(":authority", Encoding.ASCII.GetBytes(server.Authority)), .. RawHttp2.Literal(":path", "/v1/data/publish"u8.ToArray()),
        ];
        var body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(record + "\n", records)));
        for (var stream = 1; stream < 2 * batches; stream += 2)
        {
            await output.WriteAsync(RawHttp2.Frame(Headers, EndHeaders, stream, head), timeLimit.Token);
            foreach (var part in body.Chunk(LargestFrame))
            {
                await output.WriteAsync(RawHttp2.Frame(Data, 0, stream, part), timeLimit.Token);
            }
        }

        return stuck;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _reading;
        _client.Dispose();
        _closing.Dispose();
    }

    private async Task ReadAsync(NetworkStream input, CancellationToken closing)
    {
        var head = new byte[9];
        try
        {
            while (true)
            {
                await input.ReadExactlyAsync(head, closing);
                await input.ReadExactlyAsync(new byte[(head[0] << 16) | (head[1] << 8) | head[2]], closing);
                switch (head[3])
                {
                    case ResetStream:
                        Interlocked.Increment(ref _resets);
                        break;
                    case Settings when head[4] == 0:
                        await input.WriteAsync(RawHttp2.Frame(Settings, Acknowledgement, 0, []), closing);
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
