using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Httpmq.Tests.Support;

/// <summary>A bare HTTP/2 connection, for header fields of any bytes and any size, and for what one stream does to another.</summary>
internal sealed class RawHttp2 : IAsyncDisposable
{
    // Entries 8 to 14 of HPACK's static table.
    private static readonly int[] IndexedStatuses = [200, 204, 206, 304, 400, 404, 500];

    private readonly TcpClient _client = new();
    private readonly CancellationTokenSource _timeLimit = new(Eventually.TimeLimit);

    private RawHttp2()
    {
    }

    private NetworkStream Wire => _client.GetStream();

    public static async Task<RawHttp2> ConnectAsync(Uri server)
    {
        var wire = new RawHttp2();
        await wire._client.ConnectAsync(server.Host, server.Port, wire._timeLimit.Token);
        await wire.WriteAsync(Http2Frames.Opening());
        return wire;
    }

    /// <summary>The status of one request's answer; null where the server resets the stream or closes the connection instead.</summary>
    public static async Task<int?> SendAsync(Uri server, string method, byte[] path, IEnumerable<(string Name, byte[] Value)> more,
        byte[]? body = null, string authority = "localhost")
    {
        await using var wire = await ConnectAsync(server);
        try
        {
            await wire.SendAsync(1, method, path, more, body, authority);
            return await wire.StatusAsync(1);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>The status is the first field: an index, or a literal of three digits.</summary>
    public static int StatusOf(byte[] block)
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

    public async Task SendAsync(int stream, string method, byte[] path, IEnumerable<(string Name, byte[] Value)>? more = null,
        byte[]? body = null, string authority = "localhost", string scheme = "http")
    {
        byte[] block =
        [
            .. Http2Frames.RequestHead(method, authority, path, scheme),
            .. (more ?? []).SelectMany(header => Http2Frames.Literal(header.Name, header.Value)),
        ];
        await WriteAsync(
        [
            .. Http2Frames.HeaderFrames(stream, block, endsStream: body is null),
            .. body is null ? [] : Http2Frames.Frame(Http2Frames.Data, Http2Frames.EndStream, stream, body),
        ]);
    }

    /// <summary>Sends a request's head; its body may follow.</summary>
    public ValueTask BeginAsync(int stream, string method, byte[] path, string authority = "localhost") =>
        WriteAsync(Http2Frames.HeaderFrames(stream, Http2Frames.RequestHead(method, authority, path), endsStream: false));

    /// <summary>Ends the request.</summary>
    public ValueTask EndAsync(int stream) => WriteAsync(Http2Frames.Frame(Http2Frames.Data, Http2Frames.EndStream, stream, []));

    /// <summary>Asks for a sign of life; the types of the frames that come before it.</summary>
    public async Task<IReadOnlyList<byte>> PingAsync()
    {
        await WriteAsync(Http2Frames.Frame(Http2Frames.Ping, 0, 0, new byte[8]));
        var before = new List<byte>();
        while (true)
        {
            var (type, flags, _, _) = await Http2Frames.ReadAsync(Wire, _timeLimit.Token);
            if (type == Http2Frames.Ping && flags == Http2Frames.Acknowledgement)
            {
                return before;
            }

            before.Add(type);
        }
    }

    /// <summary>The status of the answer on this stream; null where it is reset, or the server takes no more.</summary>
    public async Task<int?> StatusAsync(int stream) => await HeadAsync(stream) is { } head ? StatusOf(head) : null;

    /// <summary>As <see cref="StatusAsync"/>, the whole header block.</summary>
    public async Task<byte[]?> HeadAsync(int stream)
    {
        while (true)
        {
            var (type, _, of, payload) = await Http2Frames.ReadAsync(Wire, _timeLimit.Token);
            switch (type)
            {
                case Http2Frames.Headers when of == stream:
                    return payload;
                case Http2Frames.ResetStream when of == stream:
                case Http2Frames.GoAway:
                    return null;
            }
        }
    }

    /// <summary>What this stream brings next.</summary>
    public async Task<string> DataAsync(int stream) => Encoding.UTF8.GetString((await NextAsync(stream)).Payload);

    /// <summary>What this stream brings until its answer ends.</summary>
    public async Task<string> RestAsync(int stream)
    {
        var rest = new List<byte>();
        bool ends;
        do
        {
            (ends, var payload) = await NextAsync(stream);
            rest.AddRange(payload);
        }
        while (!ends);
        return Encoding.UTF8.GetString([.. rest]);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _timeLimit.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<(bool Ends, byte[] Payload)> NextAsync(int stream)
    {
        while (true)
        {
            var (type, flags, of, payload) = await Http2Frames.ReadAsync(Wire, _timeLimit.Token);
            if (of == stream && type == Http2Frames.Data)
            {
                return ((flags & Http2Frames.EndStream) != 0, payload);
            }

            Assert.That(type, Is.Not.EqualTo(Http2Frames.GoAway), "the server closes the connection");
            Assert.That((type, of), Is.Not.EqualTo((Http2Frames.ResetStream, stream)), "the server reset the stream");
        }
    }

    private ValueTask WriteAsync(byte[] bytes) => Wire.WriteAsync(bytes, _timeLimit.Token);
}
