using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Httpmq.Chaos.Faults;
using Httpmq.Chaos.Servers;
using Httpmq.Checker;

namespace Httpmq.Chaos.Races;

/// <summary>
/// One client opens many batches over HTTP/2 and lets no outcome come back: its window is 0, which no HTTP library
/// offers, so it speaks the few frames itself. Together they hold up more records than the gateway takes requests.
/// </summary>
internal sealed class StuckBatches(TestBed bed, FaultLog log)
{
    private const int Batches = 32;

    /// <summary>
    /// More than a batch's window of 1024 and the outcomes for which its answer has room beside that (64 KiB); all of them are less than what
    /// HTTP/2 lets a client send unasked (the same).
    /// </summary>
    private const int Records = 1700;

    private static readonly TimeSpan BuildUp = TimeSpan.FromSeconds(4);
    private static readonly byte[] Opening = Open();
    private static readonly byte[] SettingsSeen = Frame(type: 4, flags: 1, stream: 0, []);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var site = log.Pick(bed.Dataplanes);
        log.Note("stuck batches", $"begin through {site.Name}");
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var batches = Task.WhenAll(Enumerable.Range(0, Batches).Select(_ => HoldAsync(site.Address, leaving.Token)));
        await Task.Delay(BuildUp, cancellationToken);
        log.Begin($"batches through {site.Name} whose outcomes nobody reads", FaultEffects.HarmsNobody);
        await Task.Delay(log.Seconds(6, 10), cancellationToken);
        log.End();
        await leaving.CancelAsync();
        await batches;
    }

    private async Task HoldAsync(Uri address, CancellationToken leaving)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, address.Port, leaving);
            await using var stream = new NetworkStream(socket);
            await stream.WriteAsync(Opening, leaving);
            var ignored = new byte[1024];
            var seen = false;
            while (await stream.ReadAsync(ignored, leaving) > 0)
            {
                // The gateway begins with its settings; whatever it says later changes nothing here.
                await stream.WriteAsync(seen ? default : SettingsSeen, leaving);
                seen = true;
            }

            log.Note("stuck batches", "one was ended by the gateway");
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // It was ended, by the gateway or by the end of the fault.
        }
    }

    /// <summary>The preface, a window of 0 for outcomes, the request, and its records; the request stays open.</summary>
    private static byte[] Open()
    {
        var records = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($$"""{"subject":"{{ProbeStreams.Free}}.s","b64_msg":"eA=="}""" + "\n", Records)));
        byte[] settings = [0, 4, 0, 0, 0, 0];

        // HPACK: POST and http by their numbers, path and authority as text.
        byte[] head = [0x83, 0x86, .. Text(4, "/v1/data/publish"), .. Text(1, "127.0.0.1")];
        return
        [
            .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(type: 4, flags: 0, stream: 0, settings), .. Frame(type: 1, flags: 4, stream: 1, head),
            .. records.Chunk(16 * 1024).SelectMany(part => Frame(type: 0, flags: 0, stream: 1, part)),
        ];
    }

    private static byte[] Text(byte name, string value) => [name, (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }
}
