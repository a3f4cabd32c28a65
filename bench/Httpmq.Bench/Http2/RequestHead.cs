using System.Buffers;
using System.Text;

namespace Httpmq.Bench.Http2;

/// <summary>
/// A request's header block, encoded once: indexed names, literal values, nothing that changes the peer's table
/// (RFC 7541, 6.2.2), so it can be sent any number of times.
/// </summary>
internal sealed class RequestHead
{
    private const byte MethodGet = 0x82;
    private const byte MethodPost = 0x83;
    private const byte SchemeHttp = 0x86;
    private const int Authority = 1;
    private const int Path = 4;
    private const int Accept = 19;
    private const int Authorization = 23;
    private const int ContentLength = 28;

    private RequestHead(byte[] block) => Block = block;

    public byte[] Block { get; }

    public static RequestHead Get(Uri server, string path, string? accept = null) =>
        Encode(MethodGet, server, path, contentLength: null, accept);

    public static RequestHead Post(Uri server, string path, int? contentLength = null, string? apiKey = null) =>
        Encode(MethodPost, server, path, contentLength, accept: null, apiKey);

    private static RequestHead Encode(
        byte method, Uri server, string path, int? contentLength, string? accept, string? apiKey = null)
    {
        var block = new ArrayBufferWriter<byte>();
        block.Write([method, SchemeHttp]);
        WriteLiteral(block, Path, path);
        WriteLiteral(block, Authority, server.Authority);
        if (accept is not null)
        {
            WriteLiteral(block, Accept, accept);
        }

        if (contentLength is { } length)
        {
            WriteLiteral(block, ContentLength, $"{length}");
        }

        if (apiKey is not null)
        {
            WriteLiteral(block, Authorization, $"Bearer {apiKey}");
        }

        return new RequestHead(block.WrittenSpan.ToArray());
    }

    private static void WriteLiteral(ArrayBufferWriter<byte> block, int name, string value)
    {
        WriteInteger(block, name, prefixBits: 4);
        WriteText(block, value);
    }

    private static void WriteText(ArrayBufferWriter<byte> block, string value)
    {
        var bytes = Encoding.ASCII.GetBytes(value);
        WriteInteger(block, bytes.Length, prefixBits: 7);
        block.Write(bytes);
    }

    private static void WriteInteger(ArrayBufferWriter<byte> block, int value, int prefixBits)
    {
        var most = (1 << prefixBits) - 1;
        if (value < most)
        {
            block.Write([(byte)value]);
            return;
        }

        block.Write([(byte)most]);
        for (value -= most; value >= 128; value >>= 7)
        {
            block.Write([(byte)(value | 128)]);
        }

        block.Write([(byte)value]);
    }
}
