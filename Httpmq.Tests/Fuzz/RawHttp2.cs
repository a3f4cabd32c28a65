using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Fuzz;

/// <summary>One request over a bare HTTP/2 connection, with header fields of any bytes.</summary>
internal static class RawHttp2
{
    // Entries 8 to 14 of HPACK's static table.
    private static readonly int[] IndexedStatuses = [200, 204, 206, 304, 400, 404, 500];

    /// <summary>The status of the answer; null where the server resets the stream or closes the connection instead.</summary>
    public static async Task<int?> SendAsync(Uri server, string method, byte[] path, IEnumerable<(string Name, byte[] Value)> more,
        byte[]? body = null, string authority = "localhost")
    {
        using var timeLimit = new CancellationTokenSource(Eventually.TimeLimit);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, timeLimit.Token);
        await using var stream = client.GetStream();
        byte[] block =
        [
            .. Http2Frames.RequestHead(method, authority, path),
            .. more.SelectMany(header => Http2Frames.Literal(header.Name, header.Value)),
        ];
        byte[] all =
        [
            .. Http2Frames.Opening(),
            .. Http2Frames.Frame(
                Http2Frames.Headers, (byte)(Http2Frames.EndHeaders | (body is null ? Http2Frames.EndStream : 0)), 1, block),
            .. body is null ? [] : Http2Frames.Frame(Http2Frames.Data, Http2Frames.EndStream, 1, body),
        ];
        try
        {
            await stream.WriteAsync(all, timeLimit.Token);
            while (true)
            {
                var (type, _, payload) = await Http2Frames.ReadAsync(stream, timeLimit.Token);
                switch (type)
                {
                    case Http2Frames.Headers:
                        return StatusOf(payload);
                    case Http2Frames.ResetStream or Http2Frames.GoAway:
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
}
