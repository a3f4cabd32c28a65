using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Httpmq.Tests.Fuzz;

/// <summary>Generators together with what a failing value is cut down to, so that a failure shows the part that matters.</summary>
internal static class Shrunk
{
    public static Arbitrary<string> Text(Gen<string> texts) =>
        Arb.From(texts, text => Shorter(text.ToCharArray()).Select(characters => new string(characters)));

    public static Arbitrary<T[]> Array<T>(Gen<T[]> arrays) => Arb.From(arrays, Shorter);

    /// <summary>Texts in UTF-8, cut anywhere into pieces, some of them empty.</summary>
    public static Arbitrary<byte[][]> Pieces(Gen<string> texts) => Pieces(texts.Select(Encoding.UTF8.GetBytes));

    /// <inheritdoc cref="Pieces(Gen{string})"/>
    public static Arbitrary<byte[][]> Pieces(Gen<byte[]> wholes) =>
        Arb.From(wholes.SelectMany(whole => Gen.Choose(0, whole.Length).ArrayOf().Resize(5), Cut), Shorter);

    /// <summary>Pieces for which the generator of texts is damaged in places: what is nearly right finds more than noise.</summary>
    public static Gen<string> Damaged(Gen<string> texts, Gen<string> garbage) =>
        texts.SelectMany(
            _ => Gen.Frequency((2, Gen.Constant(0)), (3, Gen.Choose(1, 3))).SelectMany(count => Damages(garbage).ArrayOf(count)),
            (text, damages) => damages.Aggregate(text, (current, damage) => damage(current)));

    /// <summary>Everything that is shorter by a half, a quarter and so on, down to one element.</summary>
    public static IEnumerable<T[]> Shorter<T>(T[] whole)
    {
        for (var length = whole.Length; length > 0; length /= 2)
        {
            for (var start = 0; start + length <= whole.Length; start += length)
            {
                yield return [.. whole[..start], .. whole[(start + length)..]];
            }
        }
    }

    private static Gen<Func<string, string>> Damages(Gen<string> garbage) =>
        Gen.Choose(0, int.MaxValue - 1).Zip(Gen.Choose(0, 3)
            .Zip(garbage)).Select<(int At, (int Kind, string Text) What), Func<string, string>>(damage => text =>
        {
            var at = text.Length == 0 ? 0 : damage.At % text.Length;
            return damage.What.Kind switch
            {
                0 => text.Insert(at, damage.What.Text),
                1 => text.Length == 0 ? text : text.Remove(at, 1),
                2 => text[..at],
                _ => text.Length == 0 ? text : text.Remove(at, 1).Insert(at, damage.What.Text),
            };
        });

    private static byte[][] Cut(byte[] whole, int[] places)
    {
        var cuts = places.Order().Prepend(0).Append(whole.Length).ToArray();
        return [.. cuts.Zip(cuts.Skip(1), (from, to) => whole[from..to])];
    }

    private static IEnumerable<byte[][]> Shorter(byte[][] pieces)
    {
        for (var index = 0; index + 1 < pieces.Length; index++)
        {
            yield return [.. pieces[..index], [.. pieces[index], .. pieces[index + 1]], .. pieces[(index + 2)..]];
        }

        for (var index = 0; index < pieces.Length; index++)
        {
            foreach (var shorter in Shorter<byte>(pieces[index]))
            {
                yield return [.. pieces[..index], shorter, .. pieces[(index + 1)..]];
            }
        }
    }
}
