namespace Httpmq.Bench.Http2;

/// <summary>The first field of an answer's header block, which is always its status.</summary>
internal static class StatusField
{
    /// <summary>The status, or 0 where it came from the dynamic table, which is not kept here.</summary>
    public static int Read(ReadOnlySpan<byte> block)
    {
        // A server may begin with changes of the table's size: 001xxxxx and, where that is full, more bytes.
        while (block.Length > 1 && (block[0] & 0xE0) == 0x20)
        {
            var more = (block[0] & 0x1F) == 0x1F;
            block = block[1..];
            while (more && block.Length > 1)
            {
                more = (block[0] & 0x80) != 0;
                block = block[1..];
            }
        }

        return block[0] switch
        {
            0x88 => 200,
            0x89 => 204,
            0x8C => 400,
            0x8D => 404,
            0x8E => 500,
            _ when block.Length >= 5 && (block[0] & 0x0F) >= 8 && block[1] == 3 && int.TryParse(block[2..5], out var status) => status,
            _ => 0,
        };
    }
}
