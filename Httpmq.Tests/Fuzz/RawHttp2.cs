using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Fuzz;

/// <summary>One request over a bare HTTP/2 connection, with header fields of any bytes (RFC 9113; RFC 7541, 6.2.2: literals, not indexed).</summary>
internal static class RawHttp2
{
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte ResetStream = 3;
    private const byte GoAway = 7;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    // Entries 8 to 14 of HPACK's static table.
    private static readonly int[] IndexedStatuses = [200, 204, 206, 304, 400, 404, 500];

    /// <summary>The status of the answer; null where the server resets the stream or closes the connection instead.</summary>
    public static async Task<int?> SendAsync(Uri server, string method, byte[] path, IEnumerable<(string Name, byte[] Value)> more, byte[]? body = null, string authority = "localhost")
    {
        using var timeLimit = new CancellationTokenSource(Eventually.TimeLimit);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, timeLimit.Token);
        await using var stream = client.GetStream();
        byte[] block =
        [
            .. Literal(":method", Encoding.ASCII.GetBytes(method)), .. Literal(":scheme", "http"u8.ToArray()), .. Literal(":authority", Encoding.ASCII.GetBytes(authority)), .. Literal(":path", path),
            .. more.SelectMany(header => Literal(header.Name, header.Value)),
        ];
        byte[] all =
        [
            .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(4, 0, 0, []),
            .. Frame(Headers, (byte)(EndHeaders | (body is null ? EndStream : 0)), 1, block), .. body is null ? [] : Frame(Data, EndStream, 1, body),
        ];
        try
        {
            await stream.WriteAsync(all, timeLimit.Token);
            var head = new byte[9];
            while (true)
            {
                await stream.ReadExactlyAsync(head, timeLimit.Token);
                var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
                await stream.ReadExactlyAsync(payload, timeLimit.Token);
                switch (head[3])
                {
                    case Headers:
                        return StatusOf(payload);
                    case ResetStream or GoAway:
                        return null;
                }
            }
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The status is the first field: an index, or a literal of three digits.</summary>
    private static int StatusOf(byte[] block)
    {
        // A change of the table's size may come first.
        var at = 0;
        while ((block[at] & 0xE0) == 0x20)
        {
            at += (block[at] & 0x1F) == 0x1F ? 3 : 1;
        }

        return (block[at] & 0x80) != 0
            ? IndexedStatuses[(block[at] & 0x7F) - 8]
            : int.Parse(Encoding.ASCII.GetString(block, at + 2, 3), CultureInfo.InvariantCulture);
    }

    internal static byte[] Literal(string name, byte[] value) => [0, .. Text(Encoding.Latin1.GetBytes(name)), .. Text(value)];

    private static byte[] Text(byte[] bytes) => bytes.Length < 127 ? [(byte)bytes.Length, .. bytes] : throw new ArgumentException("too long for one byte of length", nameof(bytes));

    internal static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        (frame[0], frame[1], frame[2], frame[3], frame[4]) = ((byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }
}
