// One wrong arrow of each kind: the test must find every one of them.
#pragma warning disable MA0182, CA1852, CA1823, CS0169, CS0649, IDE0051, IDE0044, CA1822, RCS1163
using Httpmq.Tests.Architecture.Planted.Upper;

namespace Httpmq.Tests.Architecture.Planted.Upper
{
    internal class Target : Exception
    {
        public static int Count() => 1;
    }

    [AttributeUsage(AttributeTargets.All)]
    internal sealed class MarkAttribute : Attribute;
}

namespace Httpmq.Tests.Architecture.Planted.Lower
{
    internal sealed class InAField
    {
        internal Target? Held;
    }

    internal sealed class InASignature
    {
        public void Take(Target[] targets) => _ = targets.Length;
    }

    internal sealed class InABody
    {
        public int Call() => Target.Count();
    }

    internal sealed class InATypeOf
    {
        public string Name() => typeof(Target).Name;
    }

    internal sealed class InACatch
    {
        public void Swallow(Action action)
        {
            try
            {
                action();
            }
            catch (Target)
            {
                // Nothing to do: it is here to be found.
            }
        }
    }

    internal sealed class InAGenericArgument
    {
        public object Make() => new List<Dictionary<string, Target>>();
    }

    internal sealed class InAConstraint<T>
        where T : Target;

    [Mark]
    internal sealed class InAnAttribute;

    [Kind(typeof(Target))]
    internal sealed class InAnAttributesArgument;

    internal sealed class InALambda
    {
        public Func<int> Make() => static () => Target.Count();
    }

    [AttributeUsage(AttributeTargets.Class)]
    internal sealed class KindAttribute(Type type) : Attribute
    {
        public Type Type { get; } = type;
    }
}
